//! The topology as the phases after the reading see it.

use std::{collections::BTreeMap, net::Ipv4Addr};

use crate::{
    diag::Spanned,
    types::{
        DeviceName, HostAddr, HostName, JobName, Links, Mode, NetworkName, Partial, PartyName,
        TopologyName,
    },
};

use super::{
    device::{Heu, Spu},
    host::Host,
    job::{self, Job},
    network::Network,
    party::Party,
    ports::Ports,
    runtime::Runtime,
    software::Software,
    targets::Deploy,
    trust::SwitchedOff,
};

/// A federation as its users wrote it.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Its name.
    pub name: Spanned<TopologyName>,
    /// Production or simulation.
    pub mode: Mode,
    /// What the parties run.
    pub runtime: Runtime,
    /// How ports are allotted.
    pub ports: Ports,
    /// How the parties' programs reach each other.
    pub links: Spanned<Links>,
    /// TLS of the runtime's links, switched off with a reason.
    pub tls_off: Option<SwitchedOff>,
    /// The parties.
    pub parties: Partial<BTreeMap<PartyName, Party>>,
    /// The container networks.
    pub networks: Partial<BTreeMap<NetworkName, Network>>,
    /// The SPUs.
    pub spus: BTreeMap<DeviceName, Spu>,
    /// The HEUs.
    pub heus: BTreeMap<DeviceName, Heu>,
    /// The jobs.
    pub jobs: BTreeMap<JobName, Job>,
}

impl Topology {
    /// How many job runs each party can have at once: the slots of its jobs, at least one.
    #[must_use]
    pub fn slots(&self) -> BTreeMap<&PartyName, u16> {
        job::slots(&self.jobs, self.parties.keys())
    }

    /// Makes a simulation on one machine of it: all parties are on the first party's first host, which is this machine,
    /// and only what jobs need is left of what they run there.
    pub fn put_on_one_machine(&mut self) {
        self.mode = Mode::Simulation;
        let host = self.declared().into_iter().find_map(Party::main_host).cloned();
        let Some(mut host) = host else { return };
        let here = HostAddr::Ip(Ipv4Addr::LOCALHOST.into());
        host.address.value = here.clone();
        host.listen.value = here;
        (host.inside, host.outside) = (None, Vec::new());
        for party in self.parties.read_mut().values_mut() {
            party.hosts = vec![host.clone()];
            party.deploy = Partial::new(Deploy::Process, true);
            party.services = Partial::new(Vec::new(), true);
            party.pins = Vec::new();
        }
    }

    /// Every host with its party, by party, hosts as declared.
    pub fn hosts(&self) -> impl Iterator<Item = (&Party, &Host)> {
        self.parties.values().flat_map(|party| party.hosts.iter().map(move |host| (party, host)))
    }

    /// What is written about software for all parties, and for one of them.
    pub fn software<'a>(
        &'a self,
        party: &'a Party,
    ) -> impl Iterator<Item = &'a Software> + use<'a> {
        let all = self.runtime.secretflow().map(|settings| &settings.software);
        all.into_iter().chain([&party.software])
    }

    /// The host of that name of that party.
    #[must_use]
    pub fn host(&self, party: &PartyName, name: &HostName) -> Option<&Host> {
        self.parties.get(party)?.hosts.iter().find(|host| host.name.value == *name)
    }
}
