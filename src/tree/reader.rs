//! Reading a tree.

use std::{fs::File, io};

use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

use crate::{
    fs::{Content, EntryKind, FsError, Root},
    plan::Manifest,
};

/// The size in bytes beyond which a file cannot be one of ours: `federation.json` of five hundred parties has three
/// millions.
const FILE_MAX: u64 = 64 << 20;

/// Why a tree cannot be gone by.
#[derive(Debug, Error)]
pub enum TreeError {
    /// A file of the tree that cannot be read as what it is.
    #[error("`{path}` cannot be used: {why}")]
    Unusable {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// The folder of a tree. No link in it is followed, only regular files of a bounded size are read, and it stays the same
/// folder whatever is put at its path meanwhile.
#[derive(Debug)]
pub struct Tree(Root);

impl Tree {
    /// Opens the tree at `path`, `None` where there is nothing.
    pub fn open(path: &Utf8Path) -> Result<Option<Self>, FsError> {
        Ok(Root::open(path)?.map(Self))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        self.0.path()
    }

    /// What is at `path`.
    pub fn content(&self, path: &Utf8Path) -> Result<Content, FsError> {
        self.0.read(path, FILE_MAX)
    }

    /// The regular file at `path`, of any size, and its length; `None` where there is none.
    pub fn open_file(&self, path: &Utf8Path) -> Result<Option<(File, u64)>, FsError> {
        self.0.open_file(path)
    }

    /// The file at `path`; anything else than a regular file that one may read is an error.
    pub fn read(&self, path: &Utf8Path) -> Result<Vec<u8>, FsError> {
        let (kind, why) = match self.content(path)? {
            Content::File { bytes, .. } => return Ok(bytes),
            Content::Absent => (io::ErrorKind::NotFound, "there is no such file"),
            Content::NotAFile => (io::ErrorKind::InvalidInput, NOT_A_FILE),
            Content::TooLarge => (io::ErrorKind::FileTooLarge, TOO_LARGE),
        };
        Err(FsError::new("read", &self.path().join(path), io::Error::new(kind, why)))
    }

    /// The manifest, `None` where there is none.
    pub fn manifest(&self) -> Result<Option<Manifest>, TreeError> {
        let path = Utf8Path::new(Manifest::FILE);
        let unusable = |why| TreeError::Unusable { path: self.path().join(path), why };
        let bytes = match self.content(path)? {
            Content::File { bytes, .. } => bytes,
            Content::Absent => return Ok(None),
            Content::NotAFile => return Err(unusable(NOT_A_FILE.to_owned())),
            Content::TooLarge => return Err(unusable(TOO_LARGE.to_owned())),
        };
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|why| unusable(why.to_string()))?;
        if !manifest.is_known_format() {
            let (format, known) = (manifest.format, Manifest::FORMAT);
            return Err(unusable(format!(
                "the tree has format {format}, this sfgen reads 1 to {known}"
            )));
        }
        Ok(Some(manifest))
    }

    /// What is in the folder at `path`, the tree's own where it is empty: names sorted, each with its kind.
    pub fn entries(&self, path: &Utf8Path) -> Result<Vec<(String, EntryKind)>, FsError> {
        self.0.entries(path)
    }
}

const NOT_A_FILE: &str =
    "it is a link or something else that is no regular file, and none is followed in a tree";
const TOO_LARGE: &str = "it is larger than any file that sfgen writes";
