//! A party's own CA and the leaf that it signs: `keys new` and `keys renew`.
//!
//! Names, addresses and the time enter; PEM texts leave, and a second step writes them. Private keys exist here and on the
//! party's disk only. The topology says where that is.

mod credential;
mod files;
mod make;
mod renew;
mod store;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;

use crate::{
    diag::{Page, page},
    fs::FsError,
};

pub use credential::{KEY_CREDENTIAL, key_credential, own_key};
pub use files::{KeyFiles, KeysCommands};
pub use make::{BACKDATED, CA_VALIDITY, KeyMaterial, LEAF_VALIDITY, NewKeys};
pub use renew::{Renewed, renew};
pub use store::{Old, write};

/// The pages of the findings about keys, sorted by code.
pub const PAGES: &[Page] = &[
    page!("keys", "SF0510"),
    page!("keys", "SF0511"),
    page!("keys", "SF0512"),
    page!("keys", "SF0555"),
    page!("keys", "SF0556"),
];

/// What could not be done with key files. What to do depends on the party, so the caller says it, with
/// [`KeysCommands::remedy`].
#[derive(Debug, Error, Diagnostic)]
pub enum KeysError {
    /// Some of the files are there already.
    #[error("{present} already, and keys are never overwritten")]
    #[diagnostic(code(SF0510))]
    Exists {
        /// Those that are there, in words.
        present: String,
    },
    /// Two of the four files have the same path.
    #[error("`{path}` is named for two of the four files")]
    #[diagnostic(
        code(SF0511),
        help("give `ca`, `cert` and `key` of the identity paths of their own")
    )]
    SamePath {
        /// The path.
        path: Utf8PathBuf,
    },
    /// Writing failed; whatever this call had created was removed again.
    #[error("the keys were not written: {0}")]
    #[diagnostic(
        code(SF0512),
        help("run it as the user that owns the folder; nothing was left behind")
    )]
    Write(#[source] FsError),
    /// The CA that would have to sign is not there.
    #[error("{missing} not there, so nothing can sign a new certificate")]
    #[diagnostic(code(SF0555))]
    NoCa {
        /// Those of the CA's two files that are missing, in words.
        missing: String,
    },
    /// A file that renewing needs cannot be read.
    #[error(transparent)]
    #[diagnostic(code(SF0556), help("run it as the user that owns the file"))]
    Unreadable(FsError),
    /// A file that renewing needs is no use for that.
    #[error("`{path}` cannot be used: {why}")]
    #[diagnostic(code(SF0556))]
    Unusable {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl KeysError {
    fn exists(files: &KeyFiles, missing: &BTreeSet<&Utf8Path>) -> Self {
        let present = files.all().into_iter().filter(|path| !missing.contains(path));
        Self::Exists { present: listed(present, ("exists", "exist")) }
    }

    fn no_ca(files: &KeyFiles, missing: &BTreeSet<&Utf8Path>) -> Self {
        let of_ca = [files.ca.as_path(), &files.ca_key].into_iter();
        let missing = of_ca.filter(|path| missing.contains(path));
        Self::NoCa { missing: listed(missing, ("is", "are")) }
    }
}

/// Paths and a verb: `` `a`, `b` and `c` exist ``.
fn listed<'a>(paths: impl Iterator<Item = &'a Utf8Path>, (one, many): (&str, &str)) -> String {
    let names: Vec<String> = paths.map(|path| format!("`{path}`")).collect();
    match names.split_last() {
        Some((last, [])) => format!("{last} {one}"),
        Some((last, rest)) => format!("{} and {last} {many}", rest.join(", ")),
        None => many.to_owned(),
    }
}
