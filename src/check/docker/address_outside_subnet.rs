#![doc = include_str!("address_outside_subnet.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::HostAddr,
};

use super::bridges::{on_machine, parties_beyond, peer_elsewhere};

const CODE: Code = Code("SF1003");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("address_outside_subnet.md"), address_outside_subnet);

fn address_outside_subnet(context: Context<'_>, findings: &mut Findings) {
    let beyond = parties_beyond(context);
    for (party, host, network, subnet) in context.bridged() {
        // What is wrong with an address inside is reported by another check.
        if beyond.contains(&party.name.value) || host.inside.is_some() {
            continue;
        }
        let address = &host.address;
        let (what, inside) = match &address.value {
            HostAddr::Ip(ip) => ("not in", subnet.value.contains(*ip)),
            HostAddr::Dns(_) => ("a name, and no address of", false),
        };
        if inside {
            continue;
        }
        let message = format!(
            "{} of host `{}` is {what} the subnet of network `{}`",
            address.value, host.name.value, network.name.value
        );
        let finding = Finding::error(CODE, message)
            .label(address.span, "the containers would have this address")
            .label(subnet.span, "the network has these");
        // Of a bridge's addresses, other machines know nothing.
        findings.push(match peer_elsewhere(context, party) {
            Some(peer) => {
                let place = peer.main_host().map_or(peer.name.span, |host| host.address.span);
                let (help, fix) = on_machine(context, party);
                let label = format!("`{}` dials it from another machine", peer.name.value);
                finding.label(place, label).help(help).fixes(fix)
            }
            None => finding.help(format!("give the host an address of {}", subnet.value.network())),
        });
    }
}
