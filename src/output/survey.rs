//! What is in the folder of a tree: files as they are, nothing followed.

use std::{collections::BTreeMap, io::Read};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{self, FsError, Kind},
    pki::holds_private_key,
    render::{ArtifactTree, FILE_MODE},
    tree::is_content,
    types::Digest,
};

use super::{
    listed::{Known, Listed, PENDING},
    obstacle::{Obstacle, in_the_way, no_utf8, private_key, too_large},
};

/// How staged files are called; see [`fs::write_atomically`].
const STAGED: &str = ".sfgen-";
/// How many bytes of a file are searched for private keys; a larger one is told, since nobody can say what is in it.
const SEARCHED: u64 = 1 << 30;
/// File systems write files in pages of this size, or multiples of it.
const PAGE: usize = 4096;

/// The files in the folder of a tree.
pub(super) struct Survey {
    /// Those that are planned or that a manifest lists.
    pub(super) files: BTreeMap<Utf8PathBuf, Found>,
    /// What a write that was cut off left behind.
    pub(super) leftovers: Vec<Utf8PathBuf>,
}

/// A file on disk, compared with the one that is planned at its path.
pub(super) struct Found {
    /// Whether it is exactly what is planned.
    pub(super) is_current: bool,
    /// Whether its content is what is planned.
    pub(super) is_same: bool,
    /// Whether it holds only a part of what was written to it.
    is_torn: bool,
    /// What it holds.
    digest: Digest,
}

impl Found {
    /// Whether it is what one of the manifests lists, or what is left of that.
    pub(super) fn is_as_written(&self, listed: &Listed<'_>) -> bool {
        // A file that the write was about to create when it was cut off.
        let was_new = listed.written.is_none();
        was_new || self.is_torn || listed.all().any(|file| is_content(file, self.digest))
    }
}

impl Survey {
    /// Looks at all that is in `out`, and reads each file once: those of `tree`, those that are `known` from a
    /// manifest, and, since there may be a key in them, all others.
    pub(super) fn of(
        out: &Utf8Path,
        tree: &ArtifactTree,
        known: &Known<'_>,
        obstacles: &mut Vec<Obstacle>,
    ) -> Result<Self, FsError> {
        let survey = Self { files: BTreeMap::new(), leftovers: Vec::new() };
        let mut walk = Walk { out, tree, known, survey, obstacles };
        match fs::kind(out)? {
            Kind::Absent => {}
            Kind::Folder => walk.folder(Utf8Path::new(""))?,
            Kind::File { .. } | Kind::Other => walk.obstacles.push(in_the_way(out)),
        }
        Ok(walk.survey)
    }
}

struct Walk<'a> {
    out: &'a Utf8Path,
    tree: &'a ArtifactTree,
    known: &'a Known<'a>,
    survey: Survey,
    obstacles: &'a mut Vec<Obstacle>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Utf8Path) -> Result<(), FsError> {
        let (names, others) = fs::list_all(&self.out.join(folder))?;
        self.obstacles.extend(others.iter().map(|name| no_utf8(&self.out.join(folder), name)));
        for name in names {
            let path = folder.join(&name);
            match fs::kind(&self.out.join(&path))? {
                Kind::File { len, .. } if name.starts_with(STAGED) || name == PENDING => {
                    self.search(&path, len)?;
                    self.survey.leftovers.push(path);
                }
                Kind::File { mode, len, .. } => self.file(path, mode, len)?,
                Kind::Folder => self.folder(&path)?,
                Kind::Other => self.obstacles.push(in_the_way(&self.out.join(&path))),
                Kind::Absent => {}
            }
        }
        Ok(())
    }

    fn file(&mut self, path: Utf8PathBuf, mode: u32, len: u64) -> Result<(), FsError> {
        let planned = self.tree.get(path.as_str());
        let is_ours = planned.is_some() || self.known.contains_key(&path);
        if !is_ours {
            return self.search(&path, len);
        }
        let bytes = fs::read(&self.out.join(&path))?;
        self.search_in(bytes.as_slice(), &path)?;
        let planned = planned.map(|artifact| artifact.bytes.as_slice());
        let is_same = planned == Some(bytes.as_slice());
        let has_mode = mode & 0o111 == FILE_MODE & 0o111;
        let found = Found {
            is_current: is_same && has_mode,
            is_same,
            is_torn: is_torn(&bytes, planned.unwrap_or_default()),
            digest: Digest::of(&bytes),
        };
        self.survey.files.insert(path, found);
        Ok(())
    }

    /// Looks for a private key in a file of `len` bytes that is read for nothing else.
    fn search(&mut self, path: &Utf8Path, len: u64) -> Result<(), FsError> {
        if len > SEARCHED {
            self.obstacles.push(too_large(&self.out.join(path), len));
            return Ok(());
        }
        self.search_in(fs::open(&self.out.join(path))?, path)
    }

    fn search_in(&mut self, file: impl Read, path: &Utf8Path) -> Result<(), FsError> {
        let path = self.out.join(path);
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
