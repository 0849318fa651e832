//! What writing a tree would change.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::Finding,
    fs::{self, FsError, Kind},
    plan::{Effect, Manifest, ManifestFile},
    render::{ArtifactTree, FILE_MODE},
    tree::Tree,
    types::{Digest, TreePath},
};

use super::{
    listed::{Pending, known, read_manifest},
    obstacle::{self, Obstacle, drift, foreign},
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
    /// Files in the folder that belong to no plan.
    pub unlisted: Vec<Utf8PathBuf>,
    /// Files that a write which was cut off left behind.
    pub(super) leftovers: Vec<Utf8PathBuf>,
    /// What is known of such writes.
    pub(super) pending: Pending,
}

/// A file that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange<'a> {
    /// Its path in the tree.
    pub path: TreePath,
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
    let folder = open(out, &mut obstacles)?;
    let (written, is_readable) = match &folder {
        Some(folder) => read_manifest(folder, &mut obstacles)?,
        None => (None, true),
    };
    let pending = folder.as_ref().map(Pending::read).transpose()?.unwrap_or_default();
    let known = known(written.as_ref(), &pending);
    let on_disk = match &folder {
        Some(folder) => Survey::of(folder, tree, &known, &mut obstacles)?,
        None => Survey::default(),
    };
    let mut changes = Vec::new();
    for (path, artifact) in tree.iter() {
        let mut change = |kind| {
            let (path, new) = (path.clone(), Some(&*artifact.bytes));
            changes.push(FileChange { path, kind, effect: artifact.effect, new });
        };
        let Some(found) = on_disk.files.get(&**path) else {
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
        match known.get(&**path) {
            None => obstacles.push(foreign(out, path)),
            Some(listed) if !found.is_as_written(listed) => obstacles.push(drift(out, path)),
            Some(_) => {}
        }
    }
    for (path, listed) in known.iter().filter(|(path, _)| tree.get(path.as_str()).is_none()) {
        let Some(found) = on_disk.files.get(&**path) else { continue };
        if !found.is_as_written(listed) {
            obstacles.push(drift(out, path));
        }
        let (path, kind, effect) = (path.clone(), FileChangeKind::Removed, listed.effect());
        changes.push(FileChange { path, kind, effect, new: None });
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest_differs = written.as_ref() != Some(&manifest);
    let Survey { unlisted, leftovers, .. } = on_disk;
    Ok(Comparison { changes, manifest, manifest_differs, obstacles, unlisted, leftovers, pending })
}

impl Comparison<'_> {
    /// Whether the folder is what is planned, and no write was cut off since. Files that belong to no plan are told
    /// apart, since no write changes them.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.changes.is_empty() && !self.manifest_differs && self.leftovers.is_empty()
    }

    /// The finding for the files in the folder that belong to no plan, if there are any.
    #[must_use]
    pub fn unlisted_finding(&self, out: &Utf8Path) -> Option<Finding> {
        obstacle::unlisted(out, &self.unlisted)
    }
}

/// Opens the folder of the tree; `None` where there is none, or where something is in its place.
fn open(out: &Utf8Path, obstacles: &mut Vec<Obstacle>) -> Result<Option<Tree>, FsError> {
    match fs::kind(out)? {
        Kind::Absent => Ok(None),
        Kind::Folder => Tree::open(out),
        Kind::File { .. } | Kind::Other => {
            obstacles.push(obstacle::in_the_way(out));
            Ok(None)
        }
    }
}

fn manifest_of(tree: &ArtifactTree, plan: Digest) -> Manifest {
    let files = tree.iter().map(|(path, artifact)| {
        let (sha256, effect) = (Digest::of(&artifact.bytes), Some(artifact.effect));
        (path.clone(), ManifestFile { sha256, mode: format!("{FILE_MODE:04o}"), effect })
    });
    Manifest { format: Manifest::FORMAT, plan, files: files.collect() }
}
