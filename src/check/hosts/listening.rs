//! Where hosts listen.

use crate::{model::Host, types::HostAddr};

/// Whether a host listens on one address alone, which is another than its peers dial and than what is said to be its
/// own. Loopback, and addresses that nobody can dial, are reported by other checks.
pub(super) fn is_elsewhere(host: &Host) -> bool {
    let names_machine = |address: &HostAddr| {
        let is_other = address.is_loopback() || address.is_unspecified() || address.is_link_local();
        matches!(address, HostAddr::Ip(_)) && !is_other
    };
    let (address, listen) = (&host.address.value, &host.listen.value);
    host.inside.is_none() && address != listen && names_machine(address) && names_machine(listen)
}
