#![doc = include_str!("inside_unusable.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    model::{Host, Party},
    types::HostAddr,
};

const CODE: Code = Code("SF0256");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("inside_unusable.md"), inside_unusable);

fn inside_unusable(context: Context<'_>, findings: &mut Findings) {
    for (party, host) in context.topology.hosts() {
        let Some(inside) = &host.inside else { continue };
        let Some((why, other)) = why(context, party, host, inside) else { continue };
        let message =
            format!("{} cannot be the address of `{}` inside", inside.value, host.name.value);
        let finding = Finding::error(CODE, message).label(inside.span, why);
        let finding = match other {
            Some(other) => finding.label(other, "it would have the same address"),
            None => finding,
        };
        findings.push(finding.help(
            "write the address that the machine has itself and that the party's other hosts dial, such as `inside=\"10.1.0.4\"`",
        ));
    }
}

/// What is wrong with an address, and the other host that it collides with.
fn why(
    context: Context<'_>,
    party: &Party,
    host: &Host,
    inside: &Spanned<HostAddr>,
) -> Option<(&'static str, Option<SourceSpan>)> {
    let address = &inside.value;
    if address.is_unspecified() {
        return Some(("an address to listen on, and of no machine", None));
    }
    if address.is_link_local() {
        return Some(("it means another machine on every network", None));
    }
    let is_one_cluster = !context.is_production();
    let others = context.topology.hosts().filter(|(other, one)| {
        let shares = is_one_cluster || other.name.value == party.name.value;
        shares && one.machine() != host.machine()
    });
    let mut others = others.map(|(_, other)| other);
    if address.is_loopback() {
        return others.next().map(|_| ("the party's other hosts would dial themselves", None));
    }
    // Of two that have it, the one that is written later is told.
    let twin = others.find(|other| {
        other.own_address().value == *address && other.own_address().span < inside.span
    });
    if let Some(twin) = twin {
        return Some(("another machine has it", Some(twin.own_address().span)));
    }
    // Two parties may have the same private address; one that is dialled at it is not reached from the machine that
    // has it.
    let (_, peer) = context.topology.hosts().find(|(other, one)| {
        let is_peer = other.name.value != party.name.value && one.machine() != host.machine();
        is_peer && one.address.value == *address
    })?;
    Some(("a peer on another machine is dialled at it", Some(peer.address.span)))
}
