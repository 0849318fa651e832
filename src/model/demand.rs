//! Which listeners each host has, and how many numbers each of them needs.

use crate::{
    diag::SourceSpan,
    types::{Engine, HostAddr, HostName, Mode, PartyName, RayPort, Role},
};

use super::{Host, Party, Pin, Runtime, Topology};

/// Numbers that a role on a host needs.
#[derive(Clone, Debug)]
pub struct Demand<'a> {
    /// Whose they are.
    pub party: &'a PartyName,
    /// On which host.
    pub host: &'a HostName,
    /// Which machine that is: hosts of one address share its ports.
    pub machine: &'a HostAddr,
    /// What they are for.
    pub role: Role,
    /// How many.
    pub count: u16,
    /// Numbers that the user wants them to be.
    pub pin: Option<&'a Pin>,
    /// The host, for findings.
    pub span: SourceSpan,
}

/// Every demand, by party, host and role, whatever the order of declaration.
#[must_use]
pub fn demands(topology: &Topology) -> Vec<Demand<'_>> {
    let mut all = Vec::new();
    for (party, host) in topology.hosts() {
        for (role, count) in roles(topology, party, host) {
            all.push(Demand {
                party: &party.name.value,
                host: &host.name.value,
                machine: &host.address.value,
                pin: pin(party, host, &role),
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

fn roles(topology: &Topology, party: &Party, host: &Host) -> Vec<(Role, u16)> {
    let name = &party.name.value;
    let is_main = party.main_host().is_some_and(|main| main.name.value == host.name.value);
    let slots = topology.slots(name);
    let mut roles = Vec::new();
    if is_main && topology.mode == Mode::Production {
        roles.extend([(Role::Control, 1), (Role::Sf, slots)]);
    }
    let Runtime::Secretflow(secretflow) = &topology.runtime else { return roles };
    if is_main {
        let own = topology.spus.values().filter(|spu| spu.parties.iter().any(|p| p.value == *name));
        let spus = u16::try_from(own.count()).unwrap_or(u16::MAX);
        if spus > 0 {
            roles.push((Role::Spu, spus.saturating_mul(slots)));
            if topology.mode == Mode::Production && topology.tls_off.is_none() {
                roles.push((Role::SpuLocal, spus.saturating_mul(slots)));
            }
        }
        roles.push((Role::Heu, slots));
    }
    if secretflow.engine.value == Engine::Ray {
        let is_head = is_main && is_ray_head(topology, party);
        for port in RayPort::ALL.into_iter().filter(|port| is_head || !port.is_head_only()) {
            let count = if port == RayPort::Workers { ray_workers(host, slots) } else { 1 };
            roles.push((Role::Ray(port), count));
        }
    }
    roles
}

/// In production each party has a Ray cluster of its own; a simulation has one, with the first party's host at its head.
fn is_ray_head(topology: &Topology, party: &Party) -> bool {
    match topology.mode {
        Mode::Production => true,
        Mode::Simulation => {
            topology.parties.values().next().is_some_and(|first| first.name == party.name)
        }
    }
}

/// How many worker processes a Ray node may have: Ray starts one per CPU at once and more for actors, of which a run
/// has about four per party (RUNTIME 6: 6 in use with two SPU jobs on 4 CPUs). Too few hangs, so there are spare ones.
fn ray_workers(host: &Host, slots: u16) -> u16 {
    let cpus = u16::try_from(host.ray.cpus.value).unwrap_or(u16::MAX);
    cpus.saturating_mul(2).saturating_add(slots.saturating_mul(8)).saturating_add(8)
}
