#![doc = include_str!("port_below_1024.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::PortRange,
};

use super::claims::claims;

const CODE: Code = Code("SF0208");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("port_below_1024.md"), port_below_1024);

fn port_below_1024(context: Context<'_>, findings: &mut Findings) {
    let pool = ("the pool".to_owned(), context.topology.ports.pool);
    let pins = claims(context.topology).into_values().flatten().map(|claim| {
        (format!("the pin of `{}` of `{}`", claim.demand.role, claim.demand.party), claim.range)
    });
    for (what, range) in std::iter::once(pool).chain(pins) {
        if !range.value.overlaps(PortRange::PRIVILEGED) {
            continue;
        }
        let (first, last) = (PortRange::PLANNABLE.first(), PortRange::PLANNABLE.last());
        let message = format!("{what}, {}, holds ports below {first}", range.value);
        let finding = Finding::error(CODE, message)
            .label(range.span, "only root may listen there")
            .help(format!("choose numbers from {first} to {last}"));
        findings.push(finding);
    }
}
