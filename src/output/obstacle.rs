//! What keeps a tree from being written.

use std::{ffi::OsStr, fmt::Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::{Code, Finding},
    tree::TreeError,
};

/// A private key lies in the tree.
const PRIVATE_KEY: Code = Code("SF0701");
/// A link, or something else that is no folder, is in the way.
const NOT_A_FOLDER: Code = Code("SF0704");
/// A file that sfgen did not write is where one would go.
const FOREIGN: Code = Code("SF0702");
/// A file of the tree was edited by hand.
const DRIFT: Code = Code("SF0703");
/// The manifest of the tree cannot be read.
const BAD_MANIFEST: Code = Code("SF0705");

/// A file lies in the tree that belongs to no plan.
const UNLISTED: Code = Code("SF0708");
/// So many of these files are named.
const UNLISTED_SHOWN: usize = 10;

/// A reason not to write.
#[derive(Debug)]
pub struct Obstacle {
    /// The finding.
    pub finding: Finding,
    /// Whether it is a hand-edited file, which `--overwrite` gives up.
    pub is_drift: bool,
}

/// A file that sfgen did not write is where one would go.
pub(super) fn foreign(out: &Utf8Path, path: &Utf8Path) -> Obstacle {
    let message =
        format!("`{}` would be written, and somebody else's file is there", out.join(path));
    let finding = Finding::error(FOREIGN, message).help(
        "move it away, or choose another folder with `--out`; sfgen replaces only what it wrote",
    );
    Obstacle { finding, is_drift: false }
}

/// A file of ours was edited.
pub(super) fn drift(out: &Utf8Path, path: &Utf8Path) -> Obstacle {
    let message = format!("`{}` was edited since it was planned", out.join(path));
    let finding = Finding::error(DRIFT, message).help(
        "move the change into the topology or a template, then write the tree anew with `sfgen plan --overwrite`, which gives the edit up",
    );
    Obstacle { finding, is_drift: true }
}

/// A private key is in the tree.
pub(super) fn private_key(path: &Utf8Path) -> Obstacle {
    let finding = Finding::error(PRIVATE_KEY, format!("`{path}` holds a private key, and the tree is committed"))
        .help("move the key out of the tree, remove it from git's history, and make new keys with `sfgen keys new --party NAME --replace`");
    Obstacle { finding, is_drift: false }
}

/// There may be a private key in a file of `len` bytes.
pub(super) fn too_large(path: &Utf8Path, len: u64) -> Obstacle {
    let message = format!(
        "`{path}` is too large to be searched for private keys ({} MiB), and the tree is committed",
        len >> 20
    );
    let finding = Finding::error(PRIVATE_KEY, message)
        .help("move it out of the tree, which holds small files only");
    Obstacle { finding, is_drift: false }
}

/// There may be a private key in a file that cannot be named.
pub(super) fn no_utf8(folder: &Utf8Path, name: &OsStr) -> Obstacle {
    let name = name.as_encoded_bytes().escape_ascii();
    let message =
        format!("the name `{name}` in `{folder}` is not UTF-8, and sfgen names no such file");
    let finding = Finding::error(NOT_A_FOLDER, message).help(
        "move it out of the tree; if it holds a private key, make new keys with `sfgen keys new --party NAME --replace`",
    );
    Obstacle { finding, is_drift: false }
}

/// Something is there that is neither file nor folder.
pub(super) fn in_the_way(path: &Utf8Path) -> Obstacle {
    let finding = Finding::error(
        NOT_A_FOLDER,
        format!("`{path}` is a link or a special file; sfgen follows none"),
    )
    .help("remove it, or choose another folder with `--out`");
    Obstacle { finding, is_drift: false }
}

/// The manifest of the tree cannot be read, so it is unknown which files are ours.
pub(super) fn bad_manifest(why: &TreeError) -> Obstacle {
    let finding = Finding::error(BAD_MANIFEST, why.to_string())
        .help("restore it from git; after a merge conflict take either side, or write the tree anew with `sfgen plan --overwrite`");
    Obstacle { finding, is_drift: true }
}

/// Files lie in the tree that belong to no plan. None of them is in the way of a write.
pub(super) fn unlisted(out: &Utf8Path, paths: &[Utf8PathBuf]) -> Option<Finding> {
    let shown = paths.iter().take(UNLISTED_SHOWN).map(|path| format!("`{}`", out.join(path)));
    let mut shown = shown.collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = paths.len().checked_sub(UNLISTED_SHOWN) {
        let _ = write!(shown, " and {more} more");
    }
    let verb = if paths.len() == 1 { "is no file" } else { "are no files" };
    let message =
        format!("{shown} {verb} of the plan, and launchers refuse a tree with such files");
    let finding = Finding::error(UNLISTED, message).help(
        "remove what sfgen did not write, or move it out of the tree: notes, backups and caches belong beside it",
    );
    (!paths.is_empty()).then_some(finding)
}
