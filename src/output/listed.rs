//! What the manifests of a tree say of its files.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{self, FsError},
    plan::{Effect, Manifest, ManifestFile},
};

use super::obstacle::{Obstacle, bad_manifest};

/// A manifest that is being written: the intention, so that a write that was cut off is known as ours.
pub(super) const PENDING: &str = ".manifest.json.next";

/// The files that the manifests of a tree list.
pub(super) type Known<'a> = BTreeMap<&'a Utf8PathBuf, Listed<'a>>;

/// What the manifests say of one file.
#[derive(Default)]
pub(super) struct Listed<'a> {
    /// The manifest of the last write that was finished.
    pub(super) written: Option<&'a ManifestFile>,
    /// The manifest of a write that was cut off.
    pub(super) pending: Option<&'a ManifestFile>,
}

impl<'a> Listed<'a> {
    /// Both, the finished one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a ManifestFile> {
        self.written.into_iter().chain(self.pending)
    }

    /// What its removal means for the machines it is for.
    pub(super) fn effect(&self) -> Effect {
        self.all().next().map_or(Effect::Install, ManifestFile::effect)
    }
}

/// The manifest at `path`, and whether there is one that can be used. One that cannot be read is an obstacle.
pub(super) fn read_manifest(
    path: &Utf8Path,
    obstacles: &mut Vec<Obstacle>,
) -> Result<(Option<Manifest>, bool), FsError> {
    let Some(bytes) = fs::read_if_exists(path)? else { return Ok((None, true)) };
    match serde_json::from_slice::<Manifest>(&bytes) {
        Ok(manifest) => Ok((Some(manifest), true)),
        Err(why) => {
            obstacles.push(bad_manifest(path, &why));
            Ok((None, false))
        }
    }
}
