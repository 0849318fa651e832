#![doc = include_str!("listener_unreachable.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::HostAddr,
};

const CODE: Code = Code("SF0213");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("listener_unreachable.md"), listener_unreachable);

fn listener_unreachable(context: Context<'_>, findings: &mut Findings) {
    for (party, host) in context.addresses() {
        let (address, listen) = (&host.address, &host.listen);
        if listen.value.is_unspecified() || address.value.is_unspecified() {
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
        let message = format!(
            "`{}` listens on {}, where nobody who dials {} arrives",
            party.name.value, listen.value, address.value
        );
        let finding = Finding::error(CODE, message)
            .label(listen.span, "listens here")
            .label(address.span, "dialled here")
            .help("drop `listen` to listen on all interfaces; the firewall says who gets through")
            .fixes(context.drop_property(listen.span));
        findings.push(finding);
    }
}
