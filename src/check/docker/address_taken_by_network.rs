#![doc = include_str!("address_taken_by_network.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::HostAddr,
};

const CODE: Code = Code("SF1004");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("address_taken_by_network.md"), address_taken_by_network);

fn address_taken_by_network(context: Context<'_>, findings: &mut Findings) {
    for (_, host, network, subnet) in context.bridged() {
        let HostAddr::Ip(address) = host.address.value else { continue };
        let taken = [
            (subnet.value.first(), "the network itself"),
            (subnet.value.last(), "all hosts of the network"),
            (subnet.value.gateway(), "the bridge"),
        ];
        let Some((_, owner)) = taken.into_iter().find(|(other, _)| *other == address) else {
            continue;
        };
        let message = format!(
            "host `{}` has the address of {owner} in network `{}`",
            host.name.value, network.name.value
        );
        let finding = Finding::error(CODE, message)
            .label(host.address.span, format!("{address} means {owner}"))
            .label(subnet.span, "in this subnet")
            .help("give the host another address of the subnet");
        findings.push(finding);
    }
}
