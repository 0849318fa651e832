#![doc = include_str!("bridge_unreachable.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Heu, Network, Party},
    types::{NetworkName, PartyName, Subnet},
};

use super::bridges::{bridge, is_far, is_inside, names, parties_beyond};

const CODE: Code = Code("SF1011");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("bridge_unreachable.md"), bridge_unreachable);

fn bridge_unreachable(context: Context<'_>, findings: &mut Findings) {
    let topology = context.topology;
    if !context.is_production() || topology.networks.is_empty() {
        return;
    }
    let beyond = parties_beyond(context);
    let spus = topology.spus.values().map(|spu| names(spu.parties.iter()));
    let heus = topology.heus.values().map(|heu| names(Heu::parties(heu)));
    let jobs = topology.jobs.values().map(|job| names(job.parties.iter()));
    let mut reported: BTreeSet<&PartyName> = BTreeSet::new();
    for group in spus.chain(heus).chain(jobs) {
        let members = || group.iter().filter_map(|name| topology.parties.get(*name));
        let mut far: BTreeMap<&NetworkName, Option<&Party>> = BTreeMap::new();
        for party in members() {
            let name = &party.name.value;
            if reported.contains(name) || beyond.contains(name) {
                continue;
            }
            let Some((network, subnet)) = within(context, party) else { continue };
            let search = || members().find(|peer| is_far(context, peer, network, subnet));
            let Some(peer) = *far.entry(&network.name.value).or_insert_with(search) else {
                continue;
            };
            // Of two bridges that do not reach each other, one finding is enough.
            reported.extend([name, &peer.name.value]);
            findings.extend(finding(party, peer, network));
        }
    }
}

/// The bridge of a party whose host is on it.
fn within<'a>(context: Context<'a>, party: &Party) -> Option<(&'a Network, Subnet)> {
    let (network, subnet) = bridge(context, party)?;
    is_inside(party.main_host()?, subnet).then_some((network, subnet))
}

fn finding(party: &Party, peer: &Party, network: &Network) -> Option<Finding> {
    let (own, other) = (party.main_host()?, peer.main_host()?);
    let message = format!(
        "`{}` dials {}, which only the machine that has the bridge `{}` can reach",
        peer.name.value, own.address.value, network.name.value
    );
    Some(
        Finding::warning(CODE, message)
            .label(own.address.span, "an address inside the bridge")
            .label(other.address.span, format!("`{}` dials it from here", peer.name.value))
            .help(format!(
                "let the containers of `{}` have the machine's own network, `network=\"host\"`, and advertise the machine's address",
                party.name.value
            )),
    )
}
