//! What must be open between a party's hosts and those of its peers.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    plan::HostPlan,
    render::{
        reach::{Site, is_for_peers, peers_of, sources},
        scene::PartyScene,
    },
    types::{HostAddr, PortRange, PortRanges, Role},
};

/// What the peers, and the party's own hosts, must be able to dial here, as `FROM -> TO PORTS    # ROLES`.
pub(super) fn incoming(scene: &PartyScene<'_>) -> Vec<String> {
    let plan = scene.plan;
    let mut ways = Ways::default();
    for (name, host) in &plan.hosts {
        let site = Site::of(scene.scene.federation, plan, name);
        for (role, range) in host.port_ranges() {
            for from in sources(role, scene, site) {
                ways.add(&from, host.own_address(), role, range);
            }
        }
    }
    ways.into_lines()
}

/// What this party must be able to dial elsewhere, in the same form.
pub(super) fn outgoing(scene: &PartyScene<'_>) -> Vec<String> {
    let (federation, plan) = (scene.scene.federation, scene.plan);
    let own: BTreeSet<&HostAddr> = plan.hosts.values().map(HostPlan::own_address).collect();
    let mut ways = Ways::default();
    for peer in &scene.peers {
        let hosts = federation.parties.get(*peer).into_iter().flat_map(|peer| peer.hosts.values());
        for host in hosts {
            for (role, range) in host.port_ranges() {
                let is_dialled =
                    is_for_peers(role, federation) && peers_of(role, scene).contains(peer);
                for from in own.iter().filter(|from| is_dialled && ***from != host.address) {
                    ways.add(from, &host.address, role, range);
                }
            }
        }
    }
    for (party, name, role) in &scene.services {
        let host = federation.parties.get(*party).and_then(|party| party.hosts.get(*name));
        let Some(host) = host else { continue };
        let ranges = host.ports.get(*role).into_iter().flat_map(PortRanges::ranges);
        for range in ranges {
            for from in own.iter().filter(|from| ***from != host.address) {
                ways.add(from, &host.address, role, *range);
            }
        }
    }
    ways.into_lines()
}

/// What NAT, a load balancer or a proxy in front of the party must pass on to its hosts, as `DIALLED -> PLANNED    # ROLE`.
pub(super) fn passed_on(scene: &PartyScene<'_>) -> Vec<String> {
    let (federation, plan) = (scene.scene.federation, scene.plan);
    let mut passed = Vec::new();
    for (name, host) in &plan.hosts {
        let site = Site::of(federation, plan, name);
        for (role, planned) in host.port_ranges() {
            let Some(dialled) = site.dialled((role, planned)) else { continue };
            if dialled == planned && host.inside.is_none() {
                continue;
            }
            let (from, to) = (&host.address, host.own_address());
            passed.push(format!("{from}:{dialled} -> {to}:{planned}    # {role}"));
        }
    }
    passed
}

/// What must be open between two addresses.
#[derive(Default)]
struct Ways(BTreeMap<(String, String), Vec<(PortRange, String)>>);

impl Ways {
    fn add(&mut self, from: &HostAddr, to: &HostAddr, role: &Role, range: PortRange) {
        // Ray's dozen of roles are one thing to a firewall team.
        let role = if let Role::Ray(_) = role { "ray".to_owned() } else { role.to_string() };
        self.0.entry((from.bare(), to.bare())).or_default().push((range, role));
    }

    /// A line per pair of addresses and run of ports without a gap.
    fn into_lines(self) -> Vec<String> {
        let mut lines = Vec::new();
        for ((from, to), ranges) in self.0 {
            for run in PortRange::merged(ranges.iter().map(|(range, _)| *range)) {
                let within = ranges.iter().filter(|(range, _)| range.overlaps(run));
                let roles: BTreeSet<_> = within.map(|(_, role)| role.as_str()).collect();
                let roles = roles.into_iter().collect::<Vec<_>>().join(", ");
                lines.push(format!("{from} -> {to} {run}    # {roles}"));
            }
        }
        lines
    }
}
