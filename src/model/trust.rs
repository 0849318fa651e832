//! `tls "off" because=...` and `links ...`: who protects the links, and what was lifted on purpose.

use crate::{
    diag::{Findings, SourceSpan, Spanned},
    syntax::{Cursor, Node},
    types::Links,
};

use super::names;

/// A protection that the user took away, with the reason.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// Why, in the user's words.
    pub because: String,
    /// Where it is written.
    pub span: SourceSpan,
}

impl Lifted {
    /// Reads `because`, which is not optional: a protection without a reason is not lifted.
    pub(super) fn read(cursor: &mut Cursor<'_>, span: SourceSpan) -> Option<Self> {
        let help = "say why, for those who review it: `because=\"...\"`";
        let because = cursor.required_prop::<String>("because", help)?;
        if because.value.trim().is_empty() {
            cursor.reject(because.span, "the reason is empty", help);
            return None;
        }
        Some(Self { because: because.value, span })
    }
}

/// Reads the `links` node; without one, links are direct, and the place is that of the root file.
pub fn read_links(
    node: Option<&Node>,
    root: SourceSpan,
    findings: &mut Findings,
) -> Spanned<Links> {
    let default = Spanned::new(Links::Direct, root);
    let Some(word) = node.and_then(|node| Cursor::new(node, findings).arg::<String>(0)) else {
        return default;
    };
    let choices = [("direct", Links::Direct), ("gateway", Links::Gateway)];
    names::pick(&word, &choices, findings).unwrap_or(default)
}

/// Reads the `tls` node: the only thing that can be said of TLS is that it is off, and why.
pub fn read_tls(node: Option<&Node>, findings: &mut Findings) -> Option<Lifted> {
    let node = node?;
    let mut cursor = Cursor::new(node, findings);
    let word = cursor.arg::<String>(0)?;
    names::pick(&word, &[("off", ())], cursor.findings)?;
    Lifted::read(&mut cursor, node.span())
}
