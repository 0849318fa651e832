#![doc = include_str!("peer_port_on_loopback.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Host, ServicePort},
    types::{HostAddr, Role},
};

use super::{
    programs::{AddressPort, addresses},
    texts::{ServiceText, listens, service_texts},
};

const CODE: Code = Code("SF0159");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("peer_port_on_loopback.md"), peer_port_on_loopback);

fn peer_port_on_loopback(context: Context<'_>, findings: &mut Findings) {
    for text in service_texts(context.topology) {
        // A proxy of the same machine may stand in between.
        let is_behind = |port: &ServicePort| {
            text.host.outside_of(&Role::Service(port.name.value.clone())).is_some()
        };
        if is_loopback(text.host) {
            continue;
        }
        let mut opened = text.service.ports.iter().filter(|port| !port.peers.is_empty());
        let found = opened.find_map(|port| {
            let bound = bound(&text, port).filter(|_| !is_behind(port))?;
            Some((port, bound))
        });
        findings.extend(found.map(|(port, bound)| finding(context, &text, port, &bound)));
    }
}

/// Whether the host is dialled at loopback, as by tests on one machine.
fn is_loopback(host: &Host) -> bool {
    host.own_address().value.is_loopback()
}

/// The loopback address that a text lets this port be bound to.
fn bound(text: &ServiceText<'_>, port: &ServicePort) -> Option<String> {
    if !listens(text) && !is_host_option(text) {
        return None;
    }
    let value = text.text.rsplit('=').next().unwrap_or_default();
    let is_here = |word: &str| word.parse::<HostAddr>().is_ok_and(|address| address.is_loopback());
    let others = text.service.ports.iter().any(|other| other.peers.is_empty());
    // With a second port it is not known which of them this is.
    if is_here(value) && !others {
        return Some(value.to_owned());
    }
    let placeholder = format!("{{port.{}}}", port.name.value);
    addresses(&text.text).into_iter().find_map(|address| {
        let is_its = match address.port {
            AddressPort::Filled(written) => written == placeholder,
            AddressPort::Number(number) => port.number.is_some_and(|own| own.value.get() == number),
            AddressPort::Absent => false,
        };
        (is_its && is_here(address.host)).then(|| address.host.to_owned())
    })
}

/// Whether the text is the value of an option `--host`, which servers take for what they bind.
fn is_host_option(text: &ServiceText<'_>) -> bool {
    let option = text.before.as_deref().into_iter().chain(text.text.split('=').next());
    text.variable.is_none() && option.into_iter().any(|word| word == "--host")
}

fn finding(
    context: Context<'_>,
    text: &ServiceText<'_>,
    port: &ServicePort,
    bound: &str,
) -> Finding {
    let first: SourceSpan = port.peers[0].span;
    let message = format!(
        "service `{}` listens on {bound}, where none of its peers arrives",
        text.service.name.value
    );
    let new = "{host.address}";
    let fix = context.write_part(format!("write `{new}`"), text.span, bound, new);
    Finding::error(CODE, message)
        .label(text.span, "only this machine reaches it there")
        .label(first, "a peer is to dial it")
        .help(format!("write `{new}`, which is what this machine has itself, in place of {bound}"))
        .fixes(fix)
}
