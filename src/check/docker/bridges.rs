//! Ray clusters that reach beyond the bridge of one machine.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::Context,
    diag::{Fix, Spanned},
    model::{Heu, Host, Network, Party},
    types::{HostAddr, NetworkName, PartyName, Subnet},
};

/// A Ray cluster with nodes in containers on a bridge, and with one that is not on it.
pub(super) struct Beyond<'a> {
    /// The parties with such containers, as declared, each with its bridge.
    pub(super) bridged: Vec<(&'a Party, &'a Network)>,
    /// The addresses of the first one's bridge.
    pub(super) subnet: Subnet,
    /// A node that is not on the first one's bridge.
    pub(super) far: &'a Host,
}

/// Every such cluster: one for each party in production, one for all parties in a simulation.
pub(super) fn beyond(context: Context<'_>) -> Vec<Beyond<'_>> {
    if !context.has_ray() {
        return Vec::new();
    }
    let topology = context.topology;
    let Some(cluster) = topology.simulation() else {
        let own = topology.parties.values().filter_map(|party| {
            let nodes: Vec<&Host> = party.hosts.iter().collect();
            cluster_beyond(context, &[party], &nodes)
        });
        return own.collect();
    };
    let starts_node =
        |party: &Party, host: &Host| cluster.has_node(&party.name.value, &host.name.value);
    let parties = cluster.parties.iter().copied();
    let nodes = parties
        .clone()
        .flat_map(|party| party.hosts.iter().filter(move |host| starts_node(party, host)));
    let nodes: Vec<&Host> = nodes.collect();
    let parties = parties.filter(|party| party.hosts.iter().any(|host| starts_node(party, host)));
    let parties: Vec<&Party> = parties.collect();
    cluster_beyond(context, &parties, &nodes).into_iter().collect()
}

/// The parties of such clusters: the finding about the cluster makes findings about its single hosts and ports needless.
pub(super) fn parties_beyond(context: Context<'_>) -> BTreeSet<&PartyName> {
    let clusters = beyond(context);
    clusters.iter().flat_map(|one| &one.bridged).map(|(party, _)| &party.name.value).collect()
}

fn cluster_beyond<'a>(
    context: Context<'a>,
    parties: &[&'a Party],
    nodes: &[&'a Host],
) -> Option<Beyond<'a>> {
    if nodes.len() < 2 {
        return None;
    }
    // Many parties share a bridge: the nodes are looked through once for each.
    let mut outside: BTreeMap<&NetworkName, Vec<&'a Host>> = BTreeMap::new();
    let on_bridge = parties.iter().filter_map(|party| {
        let (network, subnet) = bridge(context, party)?;
        let main = &party.main_host()?.name.value;
        let search = || {
            let elsewhere = nodes.iter().copied().filter(|host| is_elsewhere(host, subnet));
            elsewhere.take(2).collect()
        };
        let outside = outside.entry(&network.name.value).or_insert_with(search);
        // The far end of a connection from the first host, if there is one.
        let far = outside.iter().find(|host| host.name.value != *main).or(outside.first())?;
        Some((*party, network, subnet, *far))
    });
    let all: Vec<_> = on_bridge.collect();
    let (_, _, subnet, far) = *all.first()?;
    let bridged = all.into_iter().map(|(party, network, ..)| (party, network)).collect();
    Some(Beyond { bridged, subnet, far })
}

/// The network that a party's containers join, with its addresses.
pub(super) fn bridge<'a>(context: Context<'a>, party: &Party) -> Option<(&'a Network, Subnet)> {
    let network = context.topology.networks.get(party.deploy.bridge()?.value)?;
    Some((network, network.subnet.as_ref()?.value))
}

/// What to do where a party's containers must be reached from other machines.
pub(super) fn on_machine(context: Context<'_>, party: &Party) -> (String, Option<Fix>) {
    let write = "write `network=\"host\"`".to_owned();
    let fix = party.deploy.bridge().and_then(|bridge| context.write(&write, &bridge, "host"));
    let why =
        format!("the containers of `{}` then have the machine's own addresses", party.name.value);
    (format!("{write}: {why}"), fix)
}

/// Whether a host has an address of the subnet.
pub(super) fn is_inside(host: &Host, subnet: Subnet) -> bool {
    matches!(host.address.value, HostAddr::Ip(ip) if subnet.contains(ip))
}

/// Whether a host is another machine than the one that has the bridge. Addresses that nobody can dial name no
/// machine; other checks report them.
pub(super) fn is_elsewhere(host: &Host, subnet: Subnet) -> bool {
    let address = &host.address.value;
    let is_nowhere = address.is_loopback() || address.is_unspecified() || address.is_link_local();
    host.has_address && !is_nowhere && !is_inside(host, subnet)
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

/// The parties of a device or job.
pub(super) fn names<'a>(
    members: impl Iterator<Item = &'a Spanned<PartyName>>,
) -> BTreeSet<&'a PartyName> {
    members.map(|member| &member.value).collect()
}

/// Whether a peer is neither on that bridge nor, as far as its address tells, on that machine.
pub(super) fn is_far(
    context: Context<'_>,
    peer: &Party,
    network: &Network,
    subnet: Subnet,
) -> bool {
    let is_beside =
        bridge(context, peer).is_some_and(|(other, _)| other.name.value == network.name.value);
    !is_beside && peer.main_host().is_some_and(|host| is_elsewhere(host, subnet))
}
