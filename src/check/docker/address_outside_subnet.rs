#![doc = include_str!("address_outside_subnet.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::HostAddr,
};

use super::bridges::parties_beyond;

const CODE: Code = Code("SF1003");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("address_outside_subnet.md"), address_outside_subnet);

fn address_outside_subnet(context: Context<'_>, findings: &mut Findings) {
    let beyond = parties_beyond(context);
    for (party, host, network, subnet) in context.bridged() {
        if beyond.contains(&party.name.value) {
            continue;
        }
        let address = &host.address;
        let (what, inside) = match &address.value {
            HostAddr::Ip(ip) => ("not in", subnet.value.contains(*ip)),
            HostAddr::Dns(_) => ("a name, and no address of", false),
        };
        if inside {
            continue;
        }
        let message = format!(
            "{} of host `{}` is {what} the subnet of network `{}`",
            address.value, host.name.value, network.name.value
        );
        let finding = Finding::error(CODE, message)
            .label(address.span, "the containers would have this address")
            .label(subnet.span, "the network has these")
            .help(format!("give the host an address of {}", subnet.value.network()));
        findings.push(finding);
    }
}
