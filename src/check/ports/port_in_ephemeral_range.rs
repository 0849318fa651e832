#![doc = include_str!("port_in_ephemeral_range.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::{Port, PortRange},
};

use super::claims::claims;

const CODE: Code = Code("SF0207");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("port_in_ephemeral_range.md"), port_in_ephemeral_range);

/// `net.ipv4.ip_local_port_range` of Linux, as every distribution leaves it.
const EPHEMERAL: (u16, u16) = (32768, 60999);

fn port_in_ephemeral_range(context: Context<'_>, findings: &mut Findings) {
    let port = |number: u16| Port::try_from(i128::from(number)).expect("it is a port");
    let ephemeral =
        PortRange::new(port(EPHEMERAL.0), port(EPHEMERAL.1)).expect("the first is lower");
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
            .help("choose numbers from 1024 to 32767");
        findings.push(finding);
    }
}
