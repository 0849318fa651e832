//! What writing a tree would change.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::FsError,
    plan::{Effect, Manifest, ManifestFile},
    render::{ArtifactTree, FILE_MODE},
    types::Digest,
};

use super::{
    listed::{Known, PENDING, read_manifest},
    obstacle::{Obstacle, drift, foreign},
    survey::Survey,
};

/// What is different between a tree in memory and its folder.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The files that would change, by path.
    pub changes: Vec<FileChange<'a>>,
    /// The manifest to write.
    pub manifest: Manifest,
    /// Whether the manifest on disk is another one.
    pub manifest_differs: bool,
    /// What keeps the tree from being written.
    pub obstacles: Vec<Obstacle>,
    /// Files that a write which was cut off left behind.
    pub(super) leftovers: Vec<Utf8PathBuf>,
}

/// A file that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange<'a> {
    /// Its path in the tree.
    pub path: Utf8PathBuf,
    /// What happens to it.
    pub kind: FileChangeKind,
    /// What that means for the machines it is for.
    pub effect: Effect,
    /// Its content as planned.
    pub new: Option<&'a [u8]>,
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
pub fn compare<'a>(
    tree: &'a ArtifactTree,
    plan: Digest,
    out: &Utf8Path,
) -> Result<Comparison<'a>, FsError> {
    let manifest = manifest_of(tree, plan);
    let mut obstacles = Vec::new();
    let (written, is_readable) = read_manifest(&out.join(Manifest::FILE), &mut obstacles)?;
    let (pending, _) = read_manifest(&out.join(PENDING), &mut Vec::new())?;
    let mut known = Known::new();
    for (path, file) in written.iter().flat_map(|one| &one.files) {
        known.entry(path).or_default().written = Some(file);
    }
    for (path, file) in pending.iter().flat_map(|one| &one.files) {
        known.entry(path).or_default().pending = Some(file);
    }
    let on_disk = Survey::of(out, tree, &known, &mut obstacles)?;
    let mut changes = Vec::new();
    for (path, artifact) in tree.iter() {
        let mut change = |kind| {
            let (path, new) = (path.clone(), Some(artifact.bytes.as_slice()));
            changes.push(FileChange { path, kind, effect: artifact.effect, new });
        };
        let Some(found) = on_disk.files.get(path) else {
            change(FileChangeKind::Added);
            continue;
        };
        if found.is_current {
            continue;
        }
        change(FileChangeKind::Changed);
        if found.is_same || !is_readable {
            continue;
        }
        match known.get(path) {
            None => obstacles.push(foreign(out, path)),
            Some(listed) if !found.is_as_written(listed) => obstacles.push(drift(out, path)),
            Some(_) => {}
        }
    }
    for (path, listed) in known.iter().filter(|(path, _)| tree.get(path.as_str()).is_none()) {
        let Some(found) = on_disk.files.get(*path) else { continue };
        if !found.is_as_written(listed) {
            obstacles.push(drift(out, path));
        }
        let (path, kind, effect) = ((*path).clone(), FileChangeKind::Removed, listed.effect());
        changes.push(FileChange { path, kind, effect, new: None });
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest_differs = written.as_ref() != Some(&manifest);
    Ok(Comparison { changes, manifest, manifest_differs, obstacles, leftovers: on_disk.leftovers })
}

impl Comparison<'_> {
    /// Whether the folder is exactly what is planned.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.changes.is_empty() && !self.manifest_differs
    }
}

fn manifest_of(tree: &ArtifactTree, plan: Digest) -> Manifest {
    let files = tree.iter().map(|(path, artifact)| {
        let (sha256, effect) = (Digest::of(&artifact.bytes), Some(artifact.effect));
        (path.clone(), ManifestFile { sha256, mode: format!("{FILE_MODE:04o}"), effect })
    });
    Manifest { format: Manifest::FORMAT, plan, files: files.collect() }
}
