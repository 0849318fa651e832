//! Who uses which numbers while ports are allotted.

use std::collections::BTreeMap;

use crate::{
    model::{Demand, Topology},
    types::{HostAddr, PortRange, PortScope},
};

use super::taken::{Taken, first_fit, free_run};

/// Who uses which numbers, so far.
#[derive(Clone)]
pub(super) struct Book<'a> {
    topology: &'a Topology,
    /// What each machine listens on, has reserved or keeps for growth.
    machines: BTreeMap<&'a HostAddr, Taken>,
    /// What no machine may use: numbers of removed parties.
    everywhere: Taken,
    /// What any party has: with `scope="global"` no other party may have it.
    anyone: Taken,
}

impl<'a> Book<'a> {
    pub(super) fn new(topology: &'a Topology) -> Self {
        let mut machines: BTreeMap<&HostAddr, Taken> = BTreeMap::new();
        for (_, host) in topology.hosts() {
            let machine = machines.entry(&host.address.value).or_default();
            host.reserved.iter().for_each(|port| machine.insert(port.value.into()));
        }
        Self { topology, machines, everywhere: Taken::default(), anyone: Taken::default() }
    }

    /// Gives numbers to a listener of a machine.
    pub(super) fn take(&mut self, machine: &'a HostAddr, range: PortRange) {
        self.machines.entry(machine).or_default().insert(range);
        self.anyone.insert(range);
    }

    /// Keeps numbers from every machine.
    pub(super) fn withhold(&mut self, range: PortRange) {
        self.everywhere.insert(range);
    }

    /// What a machine can keep of numbers that it already has: only its own machine matters, so that a valid allotment
    /// never moves because of what another party does.
    pub(super) fn kept(&self, machine: &HostAddr, range: PortRange) -> Vec<PortRange> {
        self.machines.get(machine).map_or_else(|| vec![range], |taken| taken.free_within(range))
    }

    /// `count` numbers in a row.
    pub(super) fn find(&self, demand: &Demand<'_>, count: u16) -> Option<PortRange> {
        first_fit(self.pool(), count, &self.sets(demand.machine))
    }

    /// At least `fewest` and at most `most` numbers right behind `range`, so that a firewall rule need only be widened.
    pub(super) fn behind(
        &self,
        demand: &Demand<'_>,
        range: PortRange,
        (fewest, most): (u16, u16),
    ) -> Option<PortRange> {
        let first = range.last().plus(1)?;
        let run = free_run(self.pool(), first, most, &self.sets(demand.machine));
        PortRange::of_len(first, run).filter(|_| run >= fewest)
    }

    /// How many numbers of the pool are in use as `machine` sees it.
    pub(super) fn used(&self, machine: &HostAddr) -> u32 {
        let sets = if self.is_global() {
            vec![&self.everywhere, &self.anyone]
        } else {
            self.sets(machine)
        };
        sets.into_iter().map(|set| set.count_within(self.pool())).sum()
    }

    /// Whether no two parties may share a number.
    pub(super) fn is_global(&self) -> bool {
        self.topology.ports.scope == PortScope::Global
    }

    /// What is allotted from.
    pub(super) fn pool(&self) -> PortRange {
        self.topology.ports.pool.value
    }

    fn sets(&self, machine: &HostAddr) -> Vec<&Taken> {
        let mut sets = vec![&self.everywhere];
        sets.extend(self.machines.get(machine));
        if self.is_global() {
            sets.push(&self.anyone);
        }
        sets
    }
}
