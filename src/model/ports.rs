//! `ports scope="global" { pool 20000 31999 }`.

use crate::{
    diag::{Findings, SourceSpan, Spanned},
    syntax::{Cursor, Node, absent, or_absent},
    types::{Port, PortRange, PortScope},
};

/// How ports are allotted.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Which parties may share a number.
    pub scope: PortScope,
    /// What is allotted from.
    pub pool: Spanned<PortRange>,
}

impl Ports {
    pub(super) fn read(node: Option<&Node>, root: SourceSpan, findings: &mut Findings) -> Self {
        let node = or_absent(node, "ports", root);
        let default = absent("pool", node.span());
        let mut cursor = Cursor::new(&node, findings);
        let scope = cursor.prop_or_default("scope").value;
        // Without its last port, a pool would be one port; and what is missing was reported when the file was
        // read.
        let pool = node.child("pool").filter(|pool| pool.args.len() > 1);
        let pool = pool.and_then(|pool| read_range(&mut cursor.at(pool), 0));
        let pool = pool.or_else(|| read_range(&mut cursor.at(&default), 0));
        Self { scope, pool: pool.expect("the default of the table is a range") }
    }
}

/// The range in the arguments from `index` on: two numbers, or one for a range of one port.
pub(super) fn read_range(cursor: &mut Cursor<'_>, index: usize) -> Option<Spanned<PortRange>> {
    let first = cursor.arg::<Port>(index)?;
    if cursor.node.args.len() <= index + 1 {
        return Some(first.map(PortRange::from));
    }
    let last = cursor.arg::<Port>(index + 1)?;
    let span = SourceSpan { end: last.span.end, ..first.span };
    match PortRange::new(first.value, last.value) {
        Ok(range) => Some(Spanned::new(range, span)),
        Err(why) => {
            cursor.reject(span, why, "write the lower number first");
            None
        }
    }
}
