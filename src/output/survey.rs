//! What is in the folder of a tree: files as they are, nothing followed.

use std::{collections::BTreeMap, ffi::OsStr, io::Read};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{Content, EntryKind, FsError},
    pki::holds_private_key,
    plan::Manifest,
    render::{ArtifactTree, FILE_MODE},
    tree::Tree,
    types::Digest,
};

use super::{
    listed::{Known, Listed, PENDING},
    obstacle::{Obstacle, in_the_way, no_utf8, private_key, too_large},
};

/// How staged files are called; see [`crate::fs::write_atomically`].
const STAGED: &str = ".sfgen-";
/// How many bytes of a file are searched for private keys; a larger one is told, since nobody can say what is in it.
const SEARCHED: u64 = 1 << 30;
/// File systems write files in pages of this size, or multiples of it.
const PAGE: usize = 4096;

/// The files in the folder of a tree.
#[derive(Default)]
pub(super) struct Survey {
    /// Those that are planned or that a manifest lists.
    pub(super) files: BTreeMap<Utf8PathBuf, Found>,
    /// Those that are neither.
    pub(super) unlisted: Vec<Utf8PathBuf>,
    /// What a write that was cut off left behind.
    pub(super) leftovers: Vec<Utf8PathBuf>,
}

/// A file on disk, compared with the one that is planned at its path.
#[derive(Default)]
pub(super) struct Found {
    /// Whether it is exactly what is planned.
    pub(super) is_current: bool,
    /// Whether its content is what is planned.
    pub(super) is_same: bool,
    /// Whether it holds only a part of what was written to it.
    is_torn: bool,
    /// What it holds; `None` where it is too large to be ours.
    digest: Option<Digest>,
}

impl Found {
    /// Whether it is what one of the manifests lists, or what is left of that.
    pub(super) fn is_as_written(&self, listed: &Listed<'_>) -> bool {
        // A file that the write was about to create when it was cut off.
        let was_new = listed.written.is_none();
        was_new || self.is_torn || self.digest.is_some_and(|digest| listed.has(digest))
    }
}

impl Survey {
    /// Looks at all that is in `folder`, and reads each file once: those of `planned`, those that are `known` from a
    /// manifest, and, since there may be a key in them, all others.
    pub(super) fn of(
        folder: &Tree,
        planned: &ArtifactTree,
        known: &Known<'_>,
        obstacles: &mut Vec<Obstacle>,
    ) -> Result<Self, FsError> {
        let mut walk = Walk { tree: folder, planned, known, survey: Self::default(), obstacles };
        walk.folder(Utf8Path::new(""))?;
        Ok(walk.survey)
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    planned: &'a ArtifactTree,
    known: &'a Known<'a>,
    survey: Survey,
    obstacles: &'a mut Vec<Obstacle>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Utf8Path) -> Result<(), FsError> {
        for (name, kind) in self.tree.entries(folder)? {
            // Under a name with replacement characters nothing can be read.
            if name.contains(char::REPLACEMENT_CHARACTER) {
                let folder = self.tree.path().join(folder);
                self.obstacles.push(no_utf8(&folder, OsStr::new(&name)));
                continue;
            }
            let path = folder.join(&name);
            match kind {
                EntryKind::File if name.starts_with(STAGED) || path == PENDING => {
                    self.search(&path)?;
                    self.survey.leftovers.push(path);
                }
                EntryKind::File if path == Manifest::FILE => {}
                EntryKind::File => self.file(path)?,
                EntryKind::Folder => self.folder(&path)?,
                EntryKind::Other => self.obstacles.push(in_the_way(&self.tree.path().join(&path))),
            }
        }
        Ok(())
    }

    fn file(&mut self, path: Utf8PathBuf) -> Result<(), FsError> {
        let planned = self.planned.get(path.as_str());
        let is_ours = planned.is_some() || self.known.contains_key(&*path);
        if !is_ours {
            self.search(&path)?;
            self.survey.unlisted.push(path);
            return Ok(());
        }
        let (bytes, mode) = match self.tree.content(&path)? {
            Content::File { bytes, mode } => (bytes, mode),
            // Nobody can have written this but somebody else.
            Content::TooLarge => {
                self.search(&path)?;
                self.survey.files.insert(path, Found::default());
                return Ok(());
            }
            Content::Absent | Content::NotAFile => {
                self.survey.unlisted.push(path);
                return Ok(());
            }
        };
        self.search_in(bytes.as_slice(), &path)?;
        let planned = planned.map(|artifact| &*artifact.bytes);
        let is_same = planned == Some(bytes.as_slice());
        let has_mode = mode & 0o111 == FILE_MODE & 0o111;
        let found = Found {
            is_current: is_same && has_mode,
            is_same,
            is_torn: is_torn(&bytes, planned.unwrap_or_default()),
            digest: Some(Digest::of(&bytes)),
        };
        self.survey.files.insert(path, found);
        Ok(())
    }

    /// Looks for a private key in a file that is read for nothing else.
    fn search(&mut self, path: &Utf8Path) -> Result<(), FsError> {
        let Some((file, len)) = self.tree.open_file(path)? else { return Ok(()) };
        if len > SEARCHED {
            self.obstacles.push(too_large(&self.tree.path().join(path), len));
            return Ok(());
        }
        self.search_in(file, path)
    }

    fn search_in(&mut self, file: impl Read, path: &Utf8Path) -> Result<(), FsError> {
        let path = self.tree.path().join(path);
        if holds_private_key(file).map_err(|why| FsError::new("read", &path, why))? {
            self.obstacles.push(private_key(&path));
        }
        Ok(())
    }
}

/// Whether a file holds what a power cut leaves of one that was being written: nothing, zeros, or whole pages of its
/// beginning. Nobody edits a file into that, so nothing is lost when it is written again.
fn is_torn(bytes: &[u8], planned: &[u8]) -> bool {
    let is_beginning = bytes.len() < planned.len() && planned.starts_with(bytes);
    let has_zeros = bytes.contains(&0) && !planned.contains(&0);
    bytes.is_empty() || has_zeros || (is_beginning && bytes.len().is_multiple_of(PAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_power_cut_leaves_is_told_from_an_edit() {
        let planned = vec![b'x'; 3 * PAGE];
        for torn in [&b""[..], &[0; 10], &planned[..PAGE], &[&planned[..PAGE], &[0]].concat()] {
            assert!(is_torn(torn, &planned), "{} bytes", torn.len());
        }
        for edited in [&planned[..PAGE - 1], &[b'y'; PAGE], &b"edited"[..]] {
            assert!(!is_torn(edited, &planned), "{} bytes", edited.len());
        }
        assert!(!is_torn(b"a\0b", b"planned\0"), "the planned file has zeros of its own");
    }
}
