#![doc = include_str!("listener_unreachable.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::HostAddr,
};

use super::listening::is_elsewhere;

const CODE: Code = Code("SF0213");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("listener_unreachable.md"), listener_unreachable);

fn listener_unreachable(context: Context<'_>, findings: &mut Findings) {
    for (party, host) in context.addresses() {
        // Where another address is the machine's own, what is dialled leads there.
        let (address, listen) = (host.own_address(), &host.listen);
        let is_unspecified = listen.value.is_unspecified() || address.value.is_unspecified();
        if is_unspecified || is_elsewhere(host) {
            continue;
        }
        let reached = match (&address.value, &listen.value) {
            (dialled, bound) if dialled == bound => true,
            // Only the machine knows what a name resolves to, but it is never loopback.
            (HostAddr::Dns(_), bound) | (_, bound @ HostAddr::Dns(_)) => {
                address.value.is_loopback() == bound.is_loopback()
            }
            _ => false,
        };
        if reached {
            continue;
        }
        let (verb, label) = match host.inside {
            None => ("dials", "dialled here"),
            Some(_) => ("comes to", "what is dialled arrives here"),
        };
        let message = format!(
            "`{}` listens on {}, where nobody who {verb} {} arrives",
            party.name.value, listen.value, address.value
        );
        let finding = Finding::error(CODE, message)
            .label(listen.span, "listens here")
            .label(address.span, label)
            .help("drop `listen` to listen on all interfaces; the firewall says who gets through")
            .fixes(context.drop_property(listen.span));
        findings.push(finding);
    }
}
