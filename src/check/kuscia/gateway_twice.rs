#![doc = include_str!("gateway_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context, ports::claims::claims},
    diag::{Code, Finding, Findings, SourceSpan},
    model::Machine,
    types::{PartyName, Port},
};

use super::gateways::{Gateway, gateways};

const CODE: Code = Code("SF1155");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("gateway_twice.md"), gateway_twice);

fn gateway_twice(context: Context<'_>, findings: &mut Findings) {
    let mut owners: BTreeMap<(Machine<'_>, Port), (&PartyName, SourceSpan)> = BTreeMap::new();
    let pinned = claims(context.topology);
    for gateway in gateways(context) {
        let Gateway { party, machine, port } = gateway;
        let name = &party.name.value;
        if let Some((other, first)) = owners.get(&(machine, port.value)) {
            let message = format!(
                "port {} of {machine} is published by the Kuscia gateways of both `{other}` and `{name}`",
                port.value
            );
            findings.push(finding(&message, port.span, (*first, "and of this one")));
            continue;
        }
        owners.insert((machine, port.value), (name, port.span));
        let here = pinned.get(&machine).into_iter().flatten();
        if let Some(claim) = here.clone().find(|claim| claim.range.value.contains(port.value)) {
            let message = format!(
                "port {} of {machine} is published by the Kuscia gateway of `{name}` and pinned for `{}` of `{}`",
                port.value, claim.demand.role, claim.demand.party
            );
            findings.push(finding(&message, port.span, (claim.range.span, "pinned here")));
        }
    }
}

fn finding(message: &str, gateway: SourceSpan, (other, label): (SourceSpan, &str)) -> Finding {
    Finding::error(CODE, message)
        .label(gateway, "of this gateway")
        .label(other, label)
        .help("give one of them another port: `gateway` is what Kuscia's script is given with `-p`")
}
