//! What rendering returns: every file of the tree, in memory.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use camino::Utf8PathBuf;

use super::artifact::FileContent;
use crate::{plan::Effect, types::TreePath};

/// The permission bits of every file: everybody reads, the owner writes. Nothing in the tree is secret, and nothing in
/// it is run.
pub const FILE_MODE: u32 = 0o644;

/// One generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its content.
    pub bytes: Bytes,
    /// What its change means for the machines it is for.
    pub effect: Effect,
}

/// How many bytes of files are kept in one piece of memory.
const CHUNK: usize = 256 << 10;

/// All generated files by their path in the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactTree(BTreeMap<TreePath, Artifact>);

/// Takes in the files of a tree.
///
/// A tree of a thousand parties has many thousands of files. Each in memory of its own would waste a tenth of it, or
/// half where a text grew piece by piece, so contents are packed one behind the other.
#[derive(Default)]
pub(super) struct TreeBuilder {
    files: BTreeMap<TreePath, Artifact>,
    chunk: BytesMut,
}

impl TreeBuilder {
    /// Adds a file. Two artifacts with one path are a mistake in the tables of [`super`], hence a panic; so is a path
    /// that leads out of the tree, since names of parties and hosts are plain.
    pub(super) fn insert(&mut self, path: Utf8PathBuf, content: FileContent, effect: Effect) {
        let path: TreePath = path.into_string().parse().unwrap_or_else(|why| panic!("{why}"));
        assert!(!self.files.contains_key(&path), "two artifacts are called `{path}`");
        let bytes = match content {
            FileContent::Own(bytes) => self.packed(&bytes),
            FileContent::Shared(bytes) => bytes,
        };
        self.files.insert(path, Artifact { bytes, effect });
    }

    pub(super) fn build(self) -> ArtifactTree {
        ArtifactTree(self.files)
    }

    fn packed(&mut self, bytes: &[u8]) -> Bytes {
        if self.chunk.capacity() < bytes.len() {
            self.chunk = BytesMut::with_capacity(CHUNK.max(bytes.len()));
        }
        self.chunk.extend_from_slice(bytes);
        self.chunk.split().freeze()
    }
}

impl ArtifactTree {
    /// The file at a path of the tree.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Artifact> {
        self.0.get(camino::Utf8Path::new(path))
    }

    /// The files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, &Artifact)> {
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
    type Item = (&'a TreePath, &'a Artifact);
    type IntoIter = std::collections::btree_map::Iter<'a, TreePath, Artifact>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for ArtifactTree {
    type Item = (TreePath, Artifact);
    type IntoIter = std::collections::btree_map::IntoIter<TreePath, Artifact>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
