#![doc = include_str!("inside_on_bridge.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::bridges::on_machine;

const CODE: Code = Code("SF1055");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("inside_on_bridge.md"), inside_on_bridge);

fn inside_on_bridge(context: Context<'_>, findings: &mut Findings) {
    for (party, host, network, _) in context.bridged() {
        let Some(inside) = &host.inside else { continue };
        let name = &network.name.value;
        let message = format!(
            "host `{}` has an address inside, and its containers have those of network `{name}`",
            host.name.value
        );
        let finding = Finding::error(CODE, message)
            .label(inside.span, "the containers would not have this address")
            .label(network.name.span, "but one of this network");
        let (help, fix) = on_machine(context, party);
        findings.push(finding.help(help).fixes(fix));
    }
}
