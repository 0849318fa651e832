//! The one Ray cluster of a simulation: which host leads, who starts which node, and what each node offers.

use std::collections::BTreeMap;

use crate::types::{HostName, Mode, PartyName};

use super::{Host, Party, Topology};

/// The Ray cluster in which a simulation runs.
#[derive(Clone, Debug)]
pub struct Cluster<'a> {
    /// All parties as declared.
    pub parties: Vec<&'a Party>,
    /// The first party's first host; `None` where one host holds all and SecretFlow starts Ray by itself.
    pub head: Option<(&'a Party, &'a Host)>,
    /// Who starts the node of each host: the first party that names it.
    owners: BTreeMap<&'a HostName, &'a PartyName>,
    /// How many tasks of each party fit on each host.
    resources: BTreeMap<&'a HostName, BTreeMap<String, u32>>,
}

impl Topology {
    /// The parties in the order in which they are declared.
    #[must_use]
    pub fn declared(&self) -> Vec<&Party> {
        let mut parties: Vec<&Party> = self.parties.values().collect();
        parties.sort_by_key(|party| party.index);
        parties
    }

    /// The cluster of a simulation; `None` in production, where each party has its own.
    #[must_use]
    pub fn simulation(&self) -> Option<Cluster<'_>> {
        if self.mode == Mode::Production {
            return None;
        }
        let parties = self.declared();
        let mut owners = BTreeMap::new();
        let mut resources: BTreeMap<_, BTreeMap<String, u32>> = BTreeMap::new();
        for party in &parties {
            for host in &party.hosts {
                owners.entry(&host.name.value).or_insert(&party.name.value);
                let offered = resources.entry(&host.name.value).or_default();
                offered.insert(party.runtime_name().to_string(), host.ray.slots);
            }
        }
        let head = parties.iter().find_map(|party| Some((*party, party.main_host()?)));
        let head = head.filter(|_| owners.len() > 1);
        Some(Cluster { parties, head, owners, resources })
    }
}

impl Cluster<'_> {
    /// Whether this party starts the Ray node of that host.
    #[must_use]
    pub fn has_node(&self, party: &PartyName, host: &HostName) -> bool {
        self.head.is_some() && self.owners.get(host) == Some(&party)
    }

    /// Whether this party and host lead the cluster.
    #[must_use]
    pub fn is_head(&self, party: &PartyName, host: &HostName) -> bool {
        self.head
            .is_some_and(|(leader, head)| leader.name.value == *party && head.name.value == *host)
    }

    /// What the node of a host offers: each party that has the host, with its slots.
    #[must_use]
    pub fn resources(&self, host: &HostName) -> BTreeMap<String, u32> {
        self.resources.get(host).cloned().unwrap_or_default()
    }
}
