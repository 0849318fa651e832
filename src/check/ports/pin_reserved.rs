#![doc = include_str!("pin_reserved.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::Machine,
    types::Port,
};

use super::claims::claims;

const CODE: Code = Code("SF0209");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("pin_reserved.md"), pin_reserved);

fn pin_reserved(context: Context<'_>, findings: &mut Findings) {
    let mut by_machine: BTreeMap<Machine<'_>, Vec<&Spanned<Port>>> = BTreeMap::new();
    for (_, host) in context.topology.hosts() {
        by_machine.entry(host.machine()).or_default().extend(&host.reserved);
    }
    for (machine, claims) in claims(context.topology) {
        let reserved = by_machine.get(&machine).map_or(&[][..], Vec::as_slice);
        for claim in claims {
            let mut met = reserved.iter().filter(|port| claim.range.value.contains(port.value));
            let Some(port) = met.next() else { continue };
            let message = format!(
                "`{}` of `{}` is pinned to port {}, which is reserved on {machine}",
                claim.demand.role, claim.demand.party, port.value
            );
            let finding = Finding::error(CODE, message)
                .label(claim.range.span, "pinned here")
                .label(port.span, "reserved for something else here");
            let finding = met.fold(finding, |finding, port| finding.label(port.span, "and here"));
            findings.push(finding.help(
                "move the pin, or drop the number from `reserve` if it was meant for this listener",
            ));
        }
    }
}
