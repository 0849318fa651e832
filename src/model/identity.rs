//! `identity ca=... cert=... key=...`.

use camino::Utf8PathBuf;

use crate::{
    diag::{SourceSpan, Spanned},
    syntax::{Cursor, normalise},
    types::PathText,
};

/// Where a party's certificates and key lie, relative to the folder of the root file unless absolute.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its CA certificate, committed.
    pub ca: Spanned<Utf8PathBuf>,
    /// Its leaf certificate, committed.
    pub cert: Spanned<Utf8PathBuf>,
    /// The leaf's private key, on the party's machine only.
    pub key: Spanned<Utf8PathBuf>,
    /// The node.
    pub span: SourceSpan,
}

impl Identity {
    /// Whether CA and leaf are said to be the same file.
    #[must_use]
    pub fn is_one_file(&self) -> bool {
        // A path that leads out of the folder is reported as such.
        let is_same = |ca| normalise(&self.cert.value).is_some_and(|cert| cert == ca);
        self.ca.value == self.cert.value || normalise(&self.ca.value).is_some_and(is_same)
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut path = |key| {
            let path = cursor.required_prop::<PathText>(key);
            path.map(|path| path.map(|PathText(path)| path))
        };
        let (ca, cert, key) = (path("ca"), path("cert"), path("key"));
        Some(Self { ca: ca?, cert: cert?, key: key?, span: cursor.node.span() })
    }
}
