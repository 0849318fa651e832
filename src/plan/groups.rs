//! Who takes part in which devices and jobs, and so who meets whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::types::{DeviceName, HostName, JobName, PartyName, PortRanges, Role};

use super::{Federation, FederationHost, FederationJob, Heu, Link, LinkAddress, Spu};

/// The devices and jobs of every party of a federation. It is made once, in one pass over them, for code that asks
/// about many parties.
#[derive(Clone, Debug)]
pub struct Groups<'a> {
    federation: &'a Federation,
    memberships: BTreeMap<&'a PartyName, Membership<'a>>,
}

/// The devices and jobs in which one party takes part, each list by name.
#[derive(Clone, Debug, Default)]
pub struct Membership<'a> {
    /// Its SPUs.
    pub spus: Vec<(&'a DeviceName, &'a Spu)>,
    /// Its HEUs.
    pub heus: Vec<(&'a DeviceName, &'a Heu)>,
    /// Its jobs.
    pub jobs: Vec<(&'a JobName, &'a FederationJob)>,
    /// The services of other parties that it may dial: whose, on which host, and the port.
    pub services: Vec<(&'a PartyName, &'a HostName, &'a Role)>,
}

impl<'a> Groups<'a> {
    /// The groups of a federation.
    #[must_use]
    pub fn of(federation: &'a Federation) -> Self {
        let parties = federation.parties.keys().map(|party| (party, Membership::default()));
        let mut memberships: BTreeMap<&PartyName, Membership<'a>> = parties.collect();
        for device in &federation.spus {
            for party in &device.1.parties {
                add(&mut memberships.entry(party).or_default().spus, device);
            }
        }
        for device in &federation.heus {
            for party in device.1.parties() {
                add(&mut memberships.entry(party).or_default().heus, device);
            }
        }
        for job in &federation.jobs {
            for party in &job.1.parties {
                add(&mut memberships.entry(party).or_default().jobs, job);
            }
        }
        for (party, known) in &federation.parties {
            for (host, known) in &known.hosts {
                for (role, peers) in &known.peers {
                    for peer in peers {
                        let membership = memberships.entry(peer).or_default();
                        membership.services.push((party, host, role));
                    }
                }
            }
        }
        Self { federation, memberships }
    }

    /// The devices and jobs of a party; `None` where the federation has no such party.
    #[must_use]
    pub fn membership(&self, party: &PartyName) -> Option<&Membership<'a>> {
        self.memberships.get(party)
    }

    /// The parties that share a device or a job with `party`, without itself.
    #[must_use]
    pub fn peers(&self, party: &PartyName) -> BTreeSet<&'a PartyName> {
        let Some(Membership { spus, heus, jobs, .. }) = self.membership(party) else {
            return BTreeSet::new();
        };
        let heus = heus.iter().flat_map(|(_, heu)| heu.parties());
        let jobs = jobs.iter().flat_map(|(_, job)| &job.parties);
        let members = spus.iter().flat_map(|(_, spu)| &spu.parties).chain(heus).chain(jobs);
        members.filter(|peer| *peer != party).collect()
    }

    /// The parties that share an SPU with `party`, without itself.
    #[must_use]
    pub fn spu_peers(&self, party: &PartyName) -> BTreeSet<&'a PartyName> {
        let spus = self.membership(party).into_iter().flat_map(|membership| &membership.spus);
        spus.flat_map(|(_, spu)| &spu.parties).filter(|peer| *peer != party).collect()
    }

    /// Under which address `viewer` reaches `link` of `peer`: one port per slot of the peer.
    ///
    /// With `links "direct"` it is the same for every viewer. This is the one place to change when launchers
    /// carry links: then a viewer dials an entry of its own launcher on loopback.
    #[must_use]
    pub fn link_address(
        &self,
        _viewer: &PartyName,
        peer: &PartyName,
        link: &Link,
    ) -> Option<LinkAddress> {
        let (_, host) = self.federation.main_host(peer)?;
        let ports = match link {
            Link::Sf => host.ports.get(&Role::Sf)?.clone(),
            Link::Spu(name) => self.spu_ports(peer, host, name)?,
        };
        Some(LinkAddress::new(host.address.clone(), &ports))
    }

    /// Where peers dial a party's own `link`, with the ports at which it listens. `planned` are those of its main host.
    #[must_use]
    pub fn own_link(
        &self,
        party: &PartyName,
        link: &Link,
        planned: &BTreeMap<Role, PortRanges>,
    ) -> Option<LinkAddress> {
        let dialled = self.link_address(party, party, link)?;
        let role = match link {
            Link::Sf => Role::Sf,
            Link::Spu(_) => Role::Spu,
        };
        let outside = self.federation.main_host(party)?.1.ports.get(&role)?;
        let own = planned.get(&role)?;
        if own == outside {
            return Some(dialled);
        }
        // Each number of the link arrives at the one that has its place among those of the role.
        let ports = dialled.ports().ok()?;
        let arrives = ports.iter().map(|port| {
            let place = outside.iter().position(|other| other == port)?;
            own.nth(u16::try_from(place).ok()?)
        });
        let listen = PortRanges::of(arrives.collect::<Option<Vec<_>>>()?).ok()?;
        Some(LinkAddress { listen: listen.ranges().to_vec(), ..dialled })
    }

    /// The part of a party's `spu` range that belongs to one of its SPUs: unless the plan says otherwise, they follow
    /// each other by name, each with as many numbers as the party has slots.
    fn spu_ports(
        &self,
        party: &PartyName,
        host: &FederationHost,
        name: &DeviceName,
    ) -> Option<PortRanges> {
        if !host.spus.is_empty() {
            return host.spus.get(name).cloned();
        }
        let mut own = self.membership(party)?.spus.iter();
        let index = own.position(|(other, _)| *other == name)?;
        counted_off(host.ports.get(&Role::Spu)?, index, self.federation.parties.get(party)?.slots)
    }
}

/// The ports of the SPU at `index` where each has as many as there are slots.
pub(super) fn counted_off(ports: &PortRanges, index: usize, slots: u16) -> Option<PortRanges> {
    let slots = u32::from(slots);
    ports.part(u32::try_from(index).ok()?.checked_mul(slots)?, slots)
}

impl Federation {
    /// The parties that share a device or a job with `party`, without itself. Code that asks about
    /// many parties makes [`Groups`] once.
    #[must_use]
    pub fn peers(&self, party: &PartyName) -> BTreeSet<PartyName> {
        Groups::of(self).peers(party).into_iter().cloned().collect()
    }
}

/// Adds a device or job of a party, once: a device may name a party twice.
fn add<'a, N: PartialEq, T>(own: &mut Vec<(&'a N, &'a T)>, one: (&'a N, &'a T)) {
    if own.last().is_none_or(|(last, _)| *last != one.0) {
        own.push(one);
    }
}
