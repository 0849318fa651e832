//! What is known of the files in the folder of a tree: those of its manifest, and those of writes that were cut off.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    fs::{Content, FsError},
    plan::{Effect, Manifest, ManifestFile},
    tree::{Tree, TreeError},
    types::{Digest, TreePath},
};

use super::obstacle::{Obstacle, bad_manifest};

/// Name of [`Pending`] in the tree.
pub(super) const PENDING: &str = ".manifest.json.next";

/// The files that are known, by path.
pub(super) type Known<'a> = BTreeMap<TreePath, Listed<'a>>;

/// What is known of one file.
#[derive(Default)]
pub(super) struct Listed<'a> {
    /// What the manifest of the last write that was finished says.
    pub(super) written: Option<&'a ManifestFile>,
    /// What writes that were cut off may have put there.
    pub(super) pending: Option<&'a [Digest]>,
}

impl Listed<'_> {
    /// Whether content of this digest was written by any of these writes.
    pub(super) fn has(&self, content: Digest) -> bool {
        self.written.is_some_and(|file| file.sha256 == content)
            || self.pending.is_some_and(|digests| digests.contains(&content))
    }

    /// What its removal means for the machines it is for. It is unknown whether they got a file of a write that was cut
    /// off, so it is what asks for the most.
    pub(super) fn effect(&self) -> Effect {
        self.written.map_or(Effect::Install, ManifestFile::effect)
    }
}

/// The files of both, by path.
pub(super) fn known<'a>(written: Option<&'a Manifest>, pending: &'a Pending) -> Known<'a> {
    let mut known = Known::new();
    for (path, file) in written.iter().flat_map(|manifest| &manifest.files) {
        known.entry(path.clone()).or_default().written = Some(file);
    }
    for (path, digests) in &pending.files {
        known.entry(path.clone()).or_default().pending = Some(digests);
    }
    known
}

/// The intentions of all writes since the last one that was finished, each of which may have put any of its files in
/// place before it was cut off. It is put down before a file is touched, and goes when a write is finished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pending {
    /// The digests of what may be at each path, each once: nearly always one.
    files: BTreeMap<TreePath, Vec<Digest>>,
}

impl Pending {
    /// Reads what is in a tree. What cannot be read knows no file, and the next write replaces it.
    pub(super) fn read(tree: &Tree) -> Result<Self, FsError> {
        let content = tree.content(Utf8Path::new(PENDING))?;
        let Content::File { bytes, .. } = content else { return Ok(Self::default()) };
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The same with the files of one more write, as it is put down.
    pub(super) fn with(&self, manifest: &Manifest) -> Vec<u8> {
        serde_json::to_vec(&Intended { files: Union { before: self, manifest } })
            .expect("string keys throughout")
    }
}

/// [`Pending`] with one more write, written without being made: it would have a list for each file of a tree.
#[derive(Serialize)]
struct Intended<'a> {
    files: Union<'a>,
}

struct Union<'a> {
    before: &'a Pending,
    manifest: &'a Manifest,
}

impl Serialize for Union<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { before, manifest } = self;
        let planned = manifest.files.iter().map(|(path, file)| {
            let before = before.files.get(path).into_iter().flatten();
            let others = before.filter(|digest| **digest != file.sha256).copied();
            (path, others.chain([file.sha256]).collect::<Vec<_>>())
        });
        let dropped = before.files.iter().filter(|(path, _)| !manifest.files.contains_key(*path));
        serializer
            .collect_map(planned.chain(dropped.map(|(path, digests)| (path, digests.clone()))))
    }
}

/// The manifest of a tree, and whether there is one that can be used. One that cannot be read is an obstacle.
pub(super) fn read_manifest(
    tree: &Tree,
    obstacles: &mut Vec<Obstacle>,
) -> Result<(Option<Manifest>, bool), FsError> {
    match tree.manifest() {
        Ok(manifest) => Ok((manifest, true)),
        Err(TreeError::Fs(why)) => Err(why),
        Err(why @ TreeError::Unusable { .. }) => {
            obstacles.push(bad_manifest(&why));
            Ok((None, false))
        }
    }
}
