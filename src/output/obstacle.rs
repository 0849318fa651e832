//! What keeps a tree from being written.

use camino::Utf8Path;

use crate::diag::{Code, Finding};

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
        .help("move the key out of the tree, remove it from git's history, and make new keys with `sfgen keys new`");
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
pub(super) fn bad_manifest(path: &Utf8Path, why: &serde_json::Error) -> Obstacle {
    let finding = Finding::error(BAD_MANIFEST, format!("`{path}` cannot be read: {why}"))
        .help("restore it from git; after a merge conflict take either side, or write the tree anew with `sfgen plan --overwrite`");
    Obstacle { finding, is_drift: true }
}
