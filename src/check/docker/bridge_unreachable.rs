#![doc = include_str!("bridge_unreachable.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::{Heu, Network, Party},
    types::{NetworkName, PartyName, Subnet},
};

use super::bridges::{bridge, is_elsewhere, is_inside, parties_beyond};

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

fn names<'a>(members: impl Iterator<Item = &'a Spanned<PartyName>>) -> BTreeSet<&'a PartyName> {
    members.map(|member| &member.value).collect()
}

/// A party that shares a device or job with this one, and is neither on its bridge nor, as far as addresses tell, on its
/// machine.
pub(super) fn peer_elsewhere<'a>(context: Context<'a>, party: &Party) -> Option<&'a Party> {
    let topology = context.topology;
    if !context.is_production() {
        return None;
    }
    let (network, subnet) = bridge(context, party)?;
    let own = &party.name.value;
    let machine = party.main_host()?.machine();
    let spus = topology.spus.values().map(|spu| names(spu.parties.iter()));
    let heus = topology.heus.values().map(|heu| names(Heu::parties(heu)));
    let jobs = topology.jobs.values().map(|job| names(job.parties.iter()));
    let groups = spus.chain(heus).chain(jobs).filter(|group| group.contains(own));
    let peers = groups.flatten().filter(|name| *name != own);
    let mut peers = peers.filter_map(|name| topology.parties.get(name));
    peers.find(|peer| {
        let is_beside = peer.main_host().is_some_and(|host| host.machine() == machine);
        !is_beside && is_far(context, peer, network, subnet)
    })
}

/// The bridge of a party whose host is on it.
fn within<'a>(context: Context<'a>, party: &Party) -> Option<(&'a Network, Subnet)> {
    let (network, subnet) = bridge(context, party)?;
    is_inside(party.main_host()?, subnet).then_some((network, subnet))
}

/// Whether a peer is neither on that bridge nor, as far as its address tells, on that machine.
fn is_far(context: Context<'_>, peer: &Party, network: &Network, subnet: Subnet) -> bool {
    let is_beside =
        bridge(context, peer).is_some_and(|(other, _)| other.name.value == network.name.value);
    !is_beside && peer.main_host().is_some_and(|host| is_elsewhere(host, subnet))
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
