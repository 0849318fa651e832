#![doc = include_str!("bridge_address_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF1010");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("bridge_address_twice.md"), bridge_address_twice);

fn bridge_address_twice(context: Context<'_>, findings: &mut Findings) {
    let mut owners = BTreeMap::new();
    for (party, host, network, _) in context.bridged() {
        let key = (&network.name.value, &host.address.value);
        let Some((other_party, other)) = owners.get(&key).copied() else {
            owners.insert(key, (party, host));
            continue;
        };
        let (own, address) = (&party.name.value, &host.address.value);
        let other_party: &crate::model::Party = other_party;
        let other: &crate::model::Host = other;
        let message = format!(
            "containers of `{}` and of `{own}` would both have {address} in network `{}`",
            other_party.name.value, network.name.value
        );
        // A host that is named again has no address of its own to point at.
        let is_shared = host.address.span == other.address.span;
        let (here, there) = if is_shared {
            (host.name.span, other.name.span)
        } else {
            (host.address.span, other.address.span)
        };
        let finding = Finding::error(CODE, message)
            .label(here, format!("`{}` of `{own}`", host.name.value))
            .label(there, format!("`{}` of `{}`", other.name.value, other_party.name.value))
            .help("give each container an address of its own: in a bridge network every party's host is a container");
        findings.push(finding);
    }
}
