//! Which listeners each host has, and how many numbers each of them needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diag::SourceSpan,
    types::{DeviceName, Engine, HostName, PartyName, RayPort, Role},
};

use super::{Cluster, Host, Machine, Party, Pin, Runtime, Topology};

/// Numbers that a role on a host needs.
#[derive(Clone, Debug)]
pub struct Demand<'a> {
    /// Whose they are.
    pub party: &'a PartyName,
    /// On which host.
    pub host: &'a HostName,
    /// Which machine that is.
    pub machine: Machine<'a>,
    /// What they are for.
    pub role: Role,
    /// Whether peers dial these numbers, and no others in their place, at the machine's address.
    pub is_dialled: bool,
    /// How many.
    pub count: u16,
    /// How many more are kept beside them at the first allotment, so that the party can grow without a gap.
    pub room: u16,
    /// The SPUs that share them, by name, each with as many as the others; none for other roles than `spu`.
    pub spus: Vec<&'a DeviceName>,
    /// Numbers that the user wants them to be.
    pub pin: Option<&'a Pin>,
    /// The host, for findings.
    pub span: SourceSpan,
}

/// Every demand, by party, host and role, whatever the order of declaration.
#[must_use]
pub fn demands(topology: &Topology) -> Vec<Demand<'_>> {
    let mut all = Vec::new();
    let counts = PartyCounts::new(topology);
    for (party, host) in topology.hosts() {
        for (role, count) in counts.roles(party, host) {
            let spus = match role {
                Role::Spu => counts.spus_of(&party.name.value),
                _ => Vec::new(),
            };
            all.push(Demand {
                room: room(&role, count, counts.slots_of(&party.name.value)),
                spus,
                party: &party.name.value,
                host: &host.name.value,
                machine: host.machine(),
                pin: pin(party, host, &role),
                is_dialled: host.outside_of(&role).is_none()
                    && party.is_dialled(&host.name.value, &role),
                role,
                count,
                span: host.name.span,
            });
        }
    }
    all.sort_by(|a, b| (a.party, a.host, &a.role).cmp(&(b.party, b.host, &b.role)));
    all
}

fn pin<'a>(party: &'a Party, host: &Host, role: &Role) -> Option<&'a Pin> {
    party.pins.iter().find(|pin| {
        let on = pin.host.as_ref().map(|name| &name.value);
        let on = on.or_else(|| party.main_host().map(|main| &main.name.value));
        pin.role.value == *role && on == Some(&host.name.value)
    })
}

/// What decides which roles the hosts have, counted once for all of them: counting anew for each host would take time
/// that grows with the square of the parties.
struct PartyCounts<'a> {
    topology: &'a Topology,
    cluster: Option<Cluster<'a>>,
    slots: BTreeMap<&'a PartyName, u16>,
    spus: BTreeMap<&'a PartyName, Vec<&'a DeviceName>>,
}

impl<'a> PartyCounts<'a> {
    fn new(topology: &'a Topology) -> Self {
        let mut spus: BTreeMap<&PartyName, Vec<&DeviceName>> = BTreeMap::new();
        for (name, spu) in &topology.spus {
            // A party that an SPU names twice was reported; the SPU counts once.
            let parties: BTreeSet<_> = spu.parties.iter().map(|party| &party.value).collect();
            for party in parties {
                spus.entry(party).or_default().push(name);
            }
        }
        Self { topology, cluster: topology.simulation(), slots: topology.slots(), spus }
    }

    /// How many runs a party can have at once.
    fn slots_of(&self, party: &PartyName) -> u16 {
        self.slots.get(party).copied().unwrap_or(1)
    }

    /// The SPUs of a party by name.
    fn spus_of(&self, party: &PartyName) -> Vec<&'a DeviceName> {
        self.spus.get(party).cloned().unwrap_or_default()
    }

    fn roles(&self, party: &Party, host: &Host) -> Vec<(Role, u16)> {
        let (name, host_name) = (&party.name.value, &host.name.value);
        let is_main = party.main_host().is_some_and(|main| main.name.value == *host_name);
        let slots = self.slots_of(name);
        let mut roles: Vec<_> = service_roles(party, host_name);
        let target = party.deploy.target();
        if is_main && self.cluster.is_none() {
            roles.extend(target.has_launcher.then_some((Role::Control, 1)));
            roles.push((Role::Sf, slots));
        }
        let Runtime::Secretflow(secretflow) = &self.topology.runtime else { return roles };
        if is_main {
            if let Some(spus) = self.spus.get(name) {
                let spus = u16::try_from(spus.len()).unwrap_or(u16::MAX);
                roles.push((Role::Spu, spus.saturating_mul(slots)));
                if self.cluster.is_none() && self.topology.tls_off.is_none() {
                    roles.push((Role::SpuLocal, spus.saturating_mul(slots)));
                }
            }
            roles.push((Role::Heu, slots));
        }
        let (has_node, is_head) = match &self.cluster {
            // In production each party has a Ray cluster of its own.
            None => (true, is_main),
            Some(cluster) => (cluster.has_node(name, host_name), cluster.is_head(name, host_name)),
        };
        if secretflow.engine.value == Engine::Ray && has_node && !target.brings_ray {
            for port in RayPort::ALL.into_iter().filter(|port| is_head || !port.is_head_only()) {
                let count = if port == RayPort::Workers { ray_workers(host, slots) } else { 1 };
                roles.push((Role::Ray(port), count));
            }
        }
        roles
    }
}

/// The fewest numbers that a range which can grow begins with, used ones included: task workers count on ten a role.
const FIRST_RANGE: u16 = 10;

/// What is kept beside the numbers that a role needs: for links and Ray's workers as much as twice the slots take.
fn room(role: &Role, count: u16, slots: u16) -> u16 {
    match role {
        Role::Sf | Role::Spu | Role::SpuLocal | Role::Heu => {
            count.saturating_mul(2).max(FIRST_RANGE) - count
        }
        Role::Ray(RayPort::Workers) => slots.saturating_mul(WORKERS_PER_SLOT),
        Role::Control | Role::Ray(_) | Role::Service(_) => 0,
    }
}

/// The ports of the services of a host. A port that two of them declare was reported; it counts once.
fn service_roles(party: &Party, host: &HostName) -> Vec<(Role, u16)> {
    let ports = party.services_on(host).flat_map(|service| &service.ports);
    let names: BTreeSet<&String> = ports.map(|port| &port.name.value).collect();
    names.into_iter().map(|name| (Role::Service(name.clone()), 1)).collect()
}

/// Worker processes of Ray that a run may have beside those of its CPUs.
const WORKERS_PER_SLOT: u16 = 8;

/// How many worker processes a Ray node may have: Ray starts one per CPU at once and more for actors, of which a run
/// has about four per party (`docs/runtime.md`, Ports of Ray). A job hangs where there are too few, so there are spare ones.
fn ray_workers(host: &Host, slots: u16) -> u16 {
    let cpus = u16::try_from(host.ray.cpus.value).unwrap_or(u16::MAX);
    cpus.saturating_mul(2).saturating_add(slots.saturating_mul(WORKERS_PER_SLOT)).saturating_add(8)
}
