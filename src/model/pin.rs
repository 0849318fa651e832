//! `pin "sf" 19000 19009`: a range that is already in a firewall.

use crate::{
    diag::Spanned,
    syntax::Cursor,
    types::{HostName, PortRange, Role},
};

use super::ports::read_range;

/// Numbers that a role must have.
#[derive(Clone, Debug)]
pub struct Pin {
    /// What they are for.
    pub role: Spanned<Role>,
    /// The numbers.
    pub range: Spanned<PortRange>,
    /// On which host; the party's first where it is not written.
    pub host: Option<Spanned<HostName>>,
}

impl Pin {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let role = cursor.arg(0);
        let range = read_range(cursor, 1);
        let host = cursor.prop("host");
        Some(Self { role: role?, range: range?, host })
    }
}
