#![doc = include_str!("gateway_reserved.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::gateways::{Gateway, gateways};

const CODE: Code = Code("SF1156");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("gateway_reserved.md"), gateway_reserved);

fn gateway_reserved(context: Context<'_>, findings: &mut Findings) {
    for Gateway { party, machine, port } in gateways(context) {
        let hosts = context.topology.hosts().filter(|(_, host)| host.machine() == machine);
        let mut reserved = hosts.flat_map(|(_, host)| &host.reserved);
        let Some(taken) = reserved.find(|taken| taken.value == port.value) else { continue };
        let message = format!(
            "the Kuscia gateway of `{}` is published on port {}, which is reserved on {machine}",
            party.name.value, port.value
        );
        let finding = Finding::error(CODE, message)
            .label(port.span, "published here")
            .label(taken.span, "reserved for something else here");
        findings.push(finding.help(
            "give it another number as `gateway`, or drop the number from `reserve` if it was meant for the gateway",
        ));
    }
}
