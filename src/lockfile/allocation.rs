//! The result of an allotment: what each listener has, and the lock that remembers it.

use std::collections::BTreeMap;

use crate::types::{DeviceName, HostName, PartyName, PortRange, PortRanges, Role};

use super::format::{Key, SpuKey, lock_text};

/// Every listener's numbers, and what has changed about them.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// The numbers of each demand, as many as it needs, or those of its pin.
    pub ports: BTreeMap<Key, PortRanges>,
    /// What is kept beside them for growth: the listener's own, though nothing listens there.
    pub kept: BTreeMap<Key, PortRanges>,
    /// The numbers of each SPU by the key of its host's `spu`, in the order of the slots.
    pub spus: BTreeMap<Key, BTreeMap<DeviceName, PortRanges>>,
    /// Numbers that the lock remembers and that nobody uses any more. They stay reserved.
    pub unused: BTreeMap<Key, PortRanges>,
    /// The roles that had other numbers in the lock as it was, which could not stay.
    pub moved: BTreeMap<Key, Move>,
    /// What the lock is to remember.
    pub(super) remembered: Remembered,
}

/// Old and new numbers of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The old numbers.
    pub from: PortRanges,
    /// The new ones.
    pub to: PortRanges,
}

/// What a lock remembers of the listeners that there are, and of those that are gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered {
    /// The numbers of every listener, those included that are kept for growth and that a pin has put out of use.
    pub(super) ports: BTreeMap<Key, Vec<PortRange>>,
    /// The numbers of every SPU.
    pub(super) spus: BTreeMap<SpuKey, Vec<PortRange>>,
    /// What [`Self::ports`] has only because it was in use once.
    pub(super) given_up: BTreeMap<Key, Vec<PortRange>>,
}

impl Allocation {
    /// The text of the lock to write: these numbers, and those of whoever was removed.
    #[must_use]
    pub fn lock_text(&self) -> String {
        let Remembered { ports, spus, given_up } = &self.remembered;
        let all = |(key, ranges): (_, &Vec<PortRange>)| {
            let old = given_up.get(key).into_iter().flatten();
            (key, ranges.iter().chain(old).copied().collect())
        };
        let unused = self.unused.iter().map(|(key, ranges)| (key, ranges.ranges().to_vec()));
        lock_text(
            ports.iter().map(all).chain(unused),
            spus.iter().map(|(key, ranges)| (key, ranges.clone())),
        )
    }

    /// The text of the lock without the numbers that nobody uses any more.
    #[must_use]
    pub fn pruned_lock_text(&self) -> String {
        let Remembered { ports, spus, .. } = &self.remembered;
        lock_text(
            ports.iter().map(|(key, ranges)| (key, ranges.clone())),
            spus.iter().filter(|(key, _)| self.has(key)).map(|(key, ranges)| (key, ranges.clone())),
        )
    }

    /// Whether an SPU still has numbers.
    fn has(&self, key: &SpuKey) -> bool {
        let spus = self.spus_of_host(&key.party, &key.host);
        spus.is_some_and(|spus| spus.contains_key(&key.spu))
    }

    /// The numbers of one role.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&PortRanges> {
        self.ports.get(key)
    }

    /// The numbers of all roles of one host.
    pub fn of_host<'a>(
        &'a self,
        party: &'a PartyName,
        host: &'a HostName,
    ) -> impl Iterator<Item = (&'a Role, &'a PortRanges)> {
        of_host(&self.ports, party, host)
    }

    /// What is kept for the growth of the roles of one host.
    pub fn kept_of_host<'a>(
        &'a self,
        party: &'a PartyName,
        host: &'a HostName,
    ) -> impl Iterator<Item = (&'a Role, &'a PortRanges)> {
        of_host(&self.kept, party, host)
    }

    /// The numbers of each SPU of one host.
    #[must_use]
    pub fn spus_of_host(
        &self,
        party: &PartyName,
        host: &HostName,
    ) -> Option<&BTreeMap<DeviceName, PortRanges>> {
        self.spus.get(&Key { party: party.clone(), host: host.clone(), role: Role::Spu })
    }
}

fn of_host<'a>(
    ports: &'a BTreeMap<Key, PortRanges>,
    party: &'a PartyName,
    host: &'a HostName,
) -> impl Iterator<Item = (&'a Role, &'a PortRanges)> {
    // Keys are sorted by party, host and role, of which this is the least.
    let first = Key { party: party.clone(), host: host.clone(), role: Role::Control };
    let mine =
        ports.range(first..).take_while(move |(key, _)| key.party == *party && key.host == *host);
    mine.map(|(key, ranges)| (&key.role, ranges))
}
