//! `ports scope="global" { pool 20000 31999 }`.

use crate::{
    diag::{Findings, SourceSpan, Spanned},
    syntax::{Cursor, Node},
    types::{Port, PortRange},
};

use super::names;

/// How ports are allotted.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Which parties may share a number.
    pub scope: Scope,
    /// What is allotted from.
    pub pool: Spanned<PortRange>,
}

/// Which parties may share a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// No two parties, so that a number means one thing in every firewall.
    Global,
    /// Those on different machines.
    Host,
}

impl Ports {
    /// Above Ray's default workers (10002-19999), below Linux's ephemeral range (32768-60999).
    fn default_pool() -> PortRange {
        PortRange::try_from((
            Port::try_from(20000).expect("it is a port"),
            Port::try_from(31999).expect("it is a port"),
        ))
        .expect("the first is lower")
    }

    pub(super) fn read(node: Option<&Node>, root: SourceSpan, findings: &mut Findings) -> Self {
        let default = Self { scope: Scope::Global, pool: Spanned::new(Self::default_pool(), root) };
        let Some(node) = node else { return default };
        let mut cursor = Cursor::new(node, findings);
        let scope = names::choice(
            &mut cursor,
            "scope",
            &[("global", Scope::Global), ("host", Scope::Host)],
        );
        // Without its last port, a pool would be one port; the grammar has said what is missing.
        let pool = node.child("pool").filter(|pool| pool.args.len() > 1);
        let pool = pool.and_then(|pool| read_range(&mut cursor.at(pool), 0));
        Self {
            scope: scope.map_or(default.scope, |scope| scope.value),
            pool: pool.unwrap_or(Spanned::new(default.pool.value, node.span())),
        }
    }
}

/// The range in the arguments from `index` on: two numbers, or one for a range of one port.
pub(super) fn read_range(cursor: &mut Cursor<'_>, index: usize) -> Option<Spanned<PortRange>> {
    let first = cursor.number_arg::<Port>(index)?;
    if cursor.node.args.len() <= index + 1 {
        return Some(first.map(PortRange::from));
    }
    let last = cursor.number_arg::<Port>(index + 1)?;
    let span = SourceSpan { end: last.span.end, ..first.span };
    match PortRange::new(first.value, last.value) {
        Ok(range) => Some(Spanned::new(range, span)),
        Err(why) => {
            cursor.reject(span, why, "write the lower number first");
            None
        }
    }
}
