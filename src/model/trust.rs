//! `tls "off" because=...` and `links ...`: how links are protected, and which protection was switched off on purpose.

use crate::{
    diag::{Findings, SourceSpan, Spanned},
    syntax::{Cursor, Node, or_absent},
    types::{Links, Reason},
};

/// A protection that the user switched off, with the reason.
#[derive(Clone, Debug)]
pub struct SwitchedOff {
    /// Why, in the user's words.
    pub because: String,
    /// Where it is written.
    pub span: SourceSpan,
}

impl SwitchedOff {
    /// Reads `because`, which is not optional: without a reason the protection stays on.
    pub(super) fn read(cursor: &mut Cursor<'_>, span: SourceSpan) -> Option<Self> {
        let because = cursor.required_prop::<Reason>("because")?;
        Some(Self { because: because.value.into(), span })
    }
}

/// Reads the `links` node; without one, links are direct, and the place is that of the root file.
pub fn read_links(
    node: Option<&Node>,
    root: SourceSpan,
    findings: &mut Findings,
) -> Spanned<Links> {
    Cursor::new(&or_absent(node, "links", root), findings).arg_or_default(0)
}

/// Reads the `tls` node: the only thing that can be said of TLS is that it is off, and why.
pub fn read_tls(node: Option<&Node>, findings: &mut Findings) -> Option<SwitchedOff> {
    let node = node?;
    let mut cursor = Cursor::new(node, findings);
    cursor.arg::<String>(0)?;
    SwitchedOff::read(&mut cursor, node.span())
}
