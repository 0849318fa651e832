//! What rendering returns: every file of the tree, in memory.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::plan::Effect;

/// The permission bits of every file: everybody reads, the owner writes. Nothing in the tree is secret, and nothing in
/// it is run.
pub const FILE_MODE: u32 = 0o644;

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its content.
    pub bytes: Vec<u8>,
    /// What its change means for the machines it is for.
    pub effect: Effect,
}

/// All generated files by their path in the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactTree(BTreeMap<Utf8PathBuf, Artifact>);

impl ArtifactTree {
    /// Adds a file. Two artifacts with one path are a mistake in the tables of [`super`], hence a panic.
    pub(super) fn insert(&mut self, path: Utf8PathBuf, artifact: Artifact) {
        assert!(!self.0.contains_key(&path), "two artifacts are called `{path}`");
        self.0.insert(path, artifact);
    }

    /// The file at a path of the tree.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Artifact> {
        self.0.get(camino::Utf8Path::new(path))
    }

    /// The files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&Utf8PathBuf, &Artifact)> {
        self.0.iter()
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a ArtifactTree {
    type Item = (&'a Utf8PathBuf, &'a Artifact);
    type IntoIter = std::collections::btree_map::Iter<'a, Utf8PathBuf, Artifact>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for ArtifactTree {
    type Item = (Utf8PathBuf, Artifact);
    type IntoIter = std::collections::btree_map::IntoIter<Utf8PathBuf, Artifact>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
