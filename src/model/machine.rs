//! Which machine a host is.

use std::fmt;

use crate::types::HostAddr;

/// A machine, told apart by its addresses: hosts that have both in common are one machine and share its ports.
///
/// Two machines behind one address of a NAT have different addresses of their own, and two machines of different
/// organisations may have the same private address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Machine<'a> {
    /// What peers dial.
    pub dialled: &'a HostAddr,
    /// What the machine itself has.
    pub own: &'a HostAddr,
}

impl<'a> Machine<'a> {
    pub(super) fn new(dialled: &'a HostAddr, own: &'a HostAddr) -> Self {
        Self { dialled, own }
    }
}

impl fmt::Display for Machine<'_> {
    /// The address of the machine itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.own.fmt(f)
    }
}
