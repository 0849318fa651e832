//! What writing a tree would change.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::{Code, Finding},
    fs::{self, FsError, Kind},
    pki::holds_private_key,
    plan::{Manifest, ManifestFile},
    render::ArtifactTree,
    tree::is_planned,
    types::Digest,
};

/// A private key lies in the tree.
const PRIVATE_KEY: Code = Code("SF0701");
/// A file that sfgen did not write is where one would go.
const FOREIGN: Code = Code("SF0702");
/// A file of the tree was edited by hand.
const DRIFT: Code = Code("SF0703");
/// A link, or something else that is no folder, is in the way.
const NOT_A_FOLDER: Code = Code("SF0704");
/// The manifest of the tree cannot be read.
const BAD_MANIFEST: Code = Code("SF0705");

/// A manifest that is being written: the intention, so that a write that was cut off is known as ours.
pub(super) const PENDING: &str = ".manifest.json.next";
/// How staged files are called; see [`fs::write_atomically`].
pub(super) const STAGED: &str = ".sfgen-";
/// How many bytes of a file are searched for private keys; a larger one is told, since nobody can say what is in it.
const SEARCHED: u64 = 1 << 30;

/// What is different between a tree in memory and its folder.
#[derive(Debug)]
pub struct Comparison {
    /// The files that would change, by path.
    pub changes: Vec<FileChange>,
    /// The manifest to write.
    pub manifest: Manifest,
    /// Whether the manifest on disk is another one.
    pub manifest_differs: bool,
    /// What keeps the tree from being written.
    pub obstacles: Vec<Obstacle>,
    /// Files that a write which was cut off left behind.
    pub(super) leftovers: Vec<Utf8PathBuf>,
}

/// A reason not to write.
#[derive(Debug)]
pub struct Obstacle {
    /// The finding.
    pub finding: Finding,
    /// Whether it is a hand-edited file, which `--overwrite` gives up.
    pub is_drift: bool,
}

/// A file that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its path in the tree.
    pub path: Utf8PathBuf,
    /// What happens to it.
    pub kind: FileChangeKind,
    /// Its content on disk.
    pub old: Option<Vec<u8>>,
    /// Its content as planned.
    pub new: Option<Vec<u8>>,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileChangeKind {
    /// It is new.
    Added,
    /// Its content or mode changes.
    Changed,
    /// It is no longer planned.
    Removed,
}

/// Compares the planned `tree` with the folder `out`, which need not exist.
pub fn compare(tree: &ArtifactTree, plan: Digest, out: &Utf8Path) -> Result<Comparison, FsError> {
    let manifest = manifest_of(tree, plan);
    let mut obstacles = Vec::new();
    let on_disk = Survey::of(out, &mut obstacles)?;
    let (written, intact) = read_manifest(&out.join(Manifest::FILE), &mut obstacles)?;
    let (pending, _) = read_manifest(&out.join(PENDING), &mut Vec::new())?;
    let ours = |path: &Utf8Path, digest: Digest| {
        let mut known = [&written, &pending].into_iter().flatten();
        known.any(|manifest| is_planned(manifest, path, digest))
    };
    let known: BTreeSet<&Utf8PathBuf> = [&written, &pending]
        .into_iter()
        .flatten()
        .flat_map(|manifest| manifest.files.keys())
        .collect();
    let mut changes = Vec::new();
    for (path, artifact) in tree.iter() {
        let new = Some(artifact.bytes.clone());
        let Some((old, mode)) = on_disk.read(out, path)? else {
            changes.push(FileChange {
                path: path.clone(),
                kind: FileChangeKind::Added,
                old: None,
                new,
            });
            continue;
        };
        let same_bytes = old == artifact.bytes;
        if same_bytes && (mode & 0o111 != 0) == (artifact.mode.bits() & 0o111 != 0) {
            continue;
        }
        if !same_bytes && !known.contains(path) && intact {
            obstacles.push(foreign(out, path));
        } else if !same_bytes && !ours(path, Digest::of(&old)) && intact {
            obstacles.push(drift(out, path));
        }
        let kind = FileChangeKind::Changed;
        changes.push(FileChange { path: path.clone(), kind, old: Some(old), new });
    }
    for path in known {
        if tree.get(path.as_str()).is_some() {
            continue;
        }
        let Some((old, _)) = on_disk.read(out, path)? else { continue };
        if !ours(path, Digest::of(&old)) {
            obstacles.push(drift(out, path));
        }
        let kind = FileChangeKind::Removed;
        changes.push(FileChange { path: path.clone(), kind, old: Some(old), new: None });
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest_differs = written.as_ref() != Some(&manifest);
    Ok(Comparison { changes, manifest, manifest_differs, obstacles, leftovers: on_disk.leftovers })
}

impl Comparison {
    /// Whether the folder is exactly what is planned.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.changes.is_empty() && !self.manifest_differs
    }
}

fn manifest_of(tree: &ArtifactTree, plan: Digest) -> Manifest {
    let files = tree.iter().map(|(path, artifact)| {
        let mode = format!("{:04o}", artifact.mode.bits());
        (path.clone(), ManifestFile { sha256: Digest::of(&artifact.bytes), mode })
    });
    Manifest { format: crate::plan::FORMAT, plan, files: files.collect() }
}

/// The manifest at `path`, and whether there is one to go by. One that cannot be read is an obstacle.
fn read_manifest(
    path: &Utf8Path,
    obstacles: &mut Vec<Obstacle>,
) -> Result<(Option<Manifest>, bool), FsError> {
    let Some(bytes) = fs::read_if_exists(path)? else { return Ok((None, true)) };
    match serde_json::from_slice::<Manifest>(&bytes) {
        Ok(manifest) => Ok((Some(manifest), true)),
        Err(why) => {
            let finding = Finding::error(BAD_MANIFEST, format!("`{path}` cannot be read: {why}"))
                .help("restore it from git; after a merge conflict take either side, or write the tree anew with `sfgen plan --overwrite`");
            obstacles.push(Obstacle { finding, is_drift: true });
            Ok((None, false))
        }
    }
}

fn foreign(out: &Utf8Path, path: &Utf8Path) -> Obstacle {
    let message =
        format!("`{}` would be written, and somebody else's file is there", out.join(path));
    let finding = Finding::error(FOREIGN, message).help(
        "move it away, or choose another folder with `--out`; sfgen replaces only what it wrote",
    );
    Obstacle { finding, is_drift: false }
}

fn drift(out: &Utf8Path, path: &Utf8Path) -> Obstacle {
    let message = format!("`{}` was edited since it was planned", out.join(path));
    let finding = Finding::error(DRIFT, message).help(
        "move the change into the topology or a template, then write the tree anew with `sfgen plan --overwrite`, which gives the edit up",
    );
    Obstacle { finding, is_drift: true }
}

/// What is in the folder of a tree: files as they are, nothing followed.
struct Survey {
    files: BTreeMap<Utf8PathBuf, u32>,
    leftovers: Vec<Utf8PathBuf>,
}

impl Survey {
    fn of(out: &Utf8Path, obstacles: &mut Vec<Obstacle>) -> Result<Self, FsError> {
        let mut survey = Self { files: BTreeMap::new(), leftovers: Vec::new() };
        match fs::kind(out)? {
            Kind::Absent => {}
            Kind::Folder => survey.walk(out, Utf8Path::new(""), obstacles)?,
            Kind::File { .. } | Kind::Other => obstacles.push(in_the_way(out)),
        }
        Ok(survey)
    }

    fn walk(
        &mut self,
        out: &Utf8Path,
        folder: &Utf8Path,
        obstacles: &mut Vec<Obstacle>,
    ) -> Result<(), FsError> {
        let (names, others) = fs::list_all(&out.join(folder))?;
        obstacles.extend(others.iter().map(|name| no_utf8(&out.join(folder), name)));
        for name in names {
            let path = folder.join(&name);
            let kind = fs::kind(&out.join(&path))?;
            if let Kind::File { len, .. } = kind {
                obstacles.extend(private_key(&out.join(&path), len)?);
            }
            match kind {
                Kind::File { .. } if name.starts_with(STAGED) || name == PENDING => {
                    self.leftovers.push(path);
                }
                Kind::File { mode, .. } => drop(self.files.insert(path, mode)),
                Kind::Folder => self.walk(out, &path, obstacles)?,
                Kind::Other => obstacles.push(in_the_way(&out.join(&path))),
                Kind::Absent => {}
            }
        }
        Ok(())
    }

    fn read(&self, out: &Utf8Path, path: &Utf8Path) -> Result<Option<(Vec<u8>, u32)>, FsError> {
        let Some(mode) = self.files.get(path) else { return Ok(None) };
        Ok(Some((fs::read(&out.join(path))?, *mode)))
    }
}

/// What is to be said of a file of `len` bytes that holds a private key, or may hold one.
fn private_key(path: &Utf8Path, len: u64) -> Result<Option<Obstacle>, FsError> {
    let (message, help) = if len > SEARCHED {
        let message = format!(
            "`{path}` is too large to be searched for private keys ({} MiB), and the tree is committed",
            len >> 20
        );
        (message, "move it out of the tree, which holds small files only")
    } else {
        let holds = holds_private_key(fs::open(path)?);
        if !holds.map_err(|why| FsError::new("read", path, why))? {
            return Ok(None);
        }
        let message = format!("`{path}` holds a private key, and the tree is committed");
        (
            message,
            "move the key out of the tree, remove it from git's history, and make new keys with `sfgen keys new`",
        )
    };
    let finding = Finding::error(PRIVATE_KEY, message).help(help);
    Ok(Some(Obstacle { finding, is_drift: false }))
}

fn no_utf8(folder: &Utf8Path, name: &OsStr) -> Obstacle {
    let name = name.as_encoded_bytes().escape_ascii();
    let message =
        format!("the name `{name}` in `{folder}` is not UTF-8, and sfgen names no such file");
    let finding = Finding::error(NOT_A_FOLDER, message).help(
        "move it out of the tree; if it holds a private key, make new keys with `sfgen keys new`",
    );
    Obstacle { finding, is_drift: false }
}

fn in_the_way(path: &Utf8Path) -> Obstacle {
    let finding = Finding::error(
        NOT_A_FOLDER,
        format!("`{path}` is a link or a special file; sfgen follows none"),
    )
    .help("remove it, or choose another folder with `--out`");
    Obstacle { finding, is_drift: false }
}
