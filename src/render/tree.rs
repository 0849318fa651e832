//! What rendering returns: every file of the tree, in memory.

use std::{collections::BTreeMap, sync::Arc};

use camino::Utf8PathBuf;

use crate::{
    plan::Effect,
    types::{Digest, TreePath},
};

/// The permission bits of every file: everybody reads, the owner writes. Nothing in the tree is secret, and nothing in
/// it is run.
pub const FILE_MODE: u32 = 0o644;

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its content.
    pub bytes: Arc<[u8]>,
    /// What its change means for the machines it is for.
    pub effect: Effect,
}

/// All generated files by their path in the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactTree {
    files: BTreeMap<TreePath, Artifact>,
    /// The user's templates that it was made with, each by its path below `templates/` and with the digest of its text.
    pub templates: BTreeMap<String, Digest>,
}

impl ArtifactTree {
    /// Adds a file. Two artifacts with one path are a mistake in the tables of [`super`], hence a panic; so is a path
    /// that leads out of the tree, since names of parties and hosts are plain.
    pub(super) fn insert(&mut self, path: Utf8PathBuf, artifact: Artifact) {
        let path: TreePath = path.into_string().parse().unwrap_or_else(|why| panic!("{why}"));
        assert!(!self.files.contains_key(&path), "two artifacts are called `{path}`");
        self.files.insert(path, artifact);
    }

    /// The file at a path of the tree.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Artifact> {
        self.files.get(camino::Utf8Path::new(path))
    }

    /// The files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Artifact)> {
        self.files.iter()
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl<'a> IntoIterator for &'a ArtifactTree {
    type Item = (&'a TreePath, &'a Artifact);
    type IntoIter = std::collections::btree_map::Iter<'a, TreePath, Artifact>;

    fn into_iter(self) -> Self::IntoIter {
        self.files.iter()
    }
}

impl IntoIterator for ArtifactTree {
    type Item = (TreePath, Artifact);
    type IntoIter = std::collections::btree_map::IntoIter<TreePath, Artifact>;

    fn into_iter(self) -> Self::IntoIter {
        self.files.into_iter()
    }
}
