//! What a kind of artifact is: which templates it fills in, and how it makes its files.

use bytes::Bytes;
use camino::Utf8PathBuf;

use crate::plan::{Effect, json_bytes};

use super::{
    engine::Source,
    error::RenderError,
    scene::{HostScene, PartyScene, TreeScene},
};

/// A file that an artifact makes.
pub(super) struct File {
    /// Its path, relative to the folder of the scope: the tree, the party or the host.
    pub(super) path: Utf8PathBuf,
    pub(super) content: FileContent,
}

/// The bytes of a file.
pub(super) enum FileContent {
    /// Made for this file.
    Own(Vec<u8>),
    /// The same in the files of several parties.
    Shared(Bytes),
}

impl File {
    pub(super) fn new(path: impl Into<Utf8PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: FileContent::Own(bytes.into()) }
    }

    pub(super) fn shared(path: impl Into<Utf8PathBuf>, bytes: Bytes) -> Self {
        Self { path: path.into(), content: FileContent::Shared(bytes) }
    }

    /// A value as JSON for programs and reviewers: indented, with a line feed at the end.
    pub(super) fn json(path: impl Into<Utf8PathBuf>, value: &impl serde::Serialize) -> Self {
        Self::new(path, json_bytes(value))
    }
}

/// No file where the artifact does not apply, several where it stands for a group.
pub(super) type Files = Result<Vec<File>, RenderError>;

/// One kind of artifact, made by the function `F` once per scope.
pub(super) struct Kind<F> {
    /// The templates it fills in.
    pub(super) templates: &'static [Source],
    /// What a change of its files means for the machines they are for.
    pub(super) effect: Effect,
    /// Makes its files.
    pub(super) files: F,
}

/// Makes files that all parties share.
pub(super) type OfTree = for<'a> fn(&TreeScene<'a>) -> Files;
/// Makes files of one party.
pub(super) type OfParty = for<'a> fn(&PartyScene<'a>) -> Files;
/// Makes files of one host.
pub(super) type OfHost = for<'a> fn(&HostScene<'a>) -> Files;
