#![doc = include_str!("port_in_ephemeral_range.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::PortRange,
};

use super::claims::claims;

const CODE: Code = Code("SF0207");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("port_in_ephemeral_range.md"), port_in_ephemeral_range);

fn port_in_ephemeral_range(context: Context<'_>, findings: &mut Findings) {
    let ephemeral = PortRange::EPHEMERAL;
    let (first, last) = (PortRange::PLANNABLE.first(), PortRange::PLANNABLE.last());
    let pool = ("the pool".to_owned(), context.topology.ports.pool);
    let pins = claims(context.topology).into_values().flatten().map(|claim| {
        (format!("the pin of `{}` of `{}`", claim.demand.role, claim.demand.party), claim.range)
    });
    for (what, range) in std::iter::once(pool).chain(pins) {
        if !range.value.overlaps(ephemeral) {
            continue;
        }
        let message = format!(
            "{what}, {}, reaches into {ephemeral}, from which Linux takes ports for outgoing connections",
            range.value
        );
        let finding = Finding::error(CODE, message)
            .label(range.span, "may be taken at any moment")
            .help(format!("choose numbers from {first} to {last}"));
        findings.push(finding);
    }
}
