#![doc = include_str!("subnet_with_host_bits.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF1002");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("subnet_with_host_bits.md"), subnet_with_host_bits);

fn subnet_with_host_bits(context: Context<'_>, findings: &mut Findings) {
    let subnets = context.topology.networks.values().filter_map(|network| network.subnet.as_ref());
    for subnet in subnets.filter(|subnet| subnet.value.has_host_bits()) {
        let right = subnet.value.network();
        let message = format!("`{}` is a host in a network, not a network", subnet.value);
        let write = format!("write `subnet=\"{right}\"`");
        let finding = Finding::error(CODE, message)
            .label(subnet.span, "Docker refuses this")
            .remedy(&write, context.write(&write, subnet, &right));
        findings.push(finding);
    }
}
