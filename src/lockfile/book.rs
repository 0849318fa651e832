//! Who uses which numbers while ports are allotted.

use std::collections::BTreeMap;

use crate::{
    model::{Demand, LiteralPort, Machine, Topology, literal_ports},
    types::{HostAddr, PortRange, PortScope, Role},
};

use super::{
    format::{Key, Lock},
    taken::{Taken, first_fit, free_run},
};

/// The numbers in commands of services on which they listen, but those that the lock has for a port of the service itself.
pub(super) fn undeclared_ports<'a>(
    topology: &'a Topology,
    lock: &Lock,
) -> impl Iterator<Item = LiteralPort<'a>> {
    literal_ports(topology).into_iter().filter(|LiteralPort { party, host, service, port }| {
        !service.ports.iter().any(|declared| {
            let (party, host) = (party.name.value.clone(), host.name.value.clone());
            let role = Role::Service(declared.name.value.clone());
            let lines = lock.ports.get(&Key { party, host, role }).into_iter().flatten();
            lines.into_iter().any(|line| line.range.contains(port.value))
        })
    })
}

/// Who uses which numbers, so far.
#[derive(Clone)]
pub(super) struct Book<'a> {
    topology: &'a Topology,
    /// What each machine listens on, has reserved or keeps for growth.
    machines: BTreeMap<Machine<'a>, Taken>,
    /// What peers dial at each address: behind one NAT, a number leads to one machine.
    dialled: BTreeMap<&'a HostAddr, Taken>,
    /// What no machine may use: numbers of removed parties.
    everywhere: Taken,
    /// What any party has: with `scope="global"` no other party may have it.
    anyone: Taken,
}

impl<'a> Book<'a> {
    /// Where nothing is allotted yet: only what is reserved, and what services listen on by their commands.
    pub(super) fn new(topology: &'a Topology, lock: &Lock) -> Self {
        let mut machines: BTreeMap<Machine<'_>, Taken> = BTreeMap::new();
        let mut dialled: BTreeMap<&HostAddr, Taken> = BTreeMap::new();
        for (_, host) in topology.hosts() {
            let machine = machines.entry(host.machine()).or_default();
            host.reserved.iter().for_each(|port| machine.insert(port.value.into()));
            for outside in &host.outside {
                dialled.entry(&host.address.value).or_default().insert(outside.range.value);
            }
        }
        for LiteralPort { host, port, .. } in undeclared_ports(topology, lock) {
            machines.entry(host.machine()).or_default().insert(port.value.into());
        }
        let (everywhere, anyone) = (Taken::default(), Taken::default());
        Self { topology, machines, dialled, everywhere, anyone }
    }

    /// Gives numbers to a listener.
    pub(super) fn take(&mut self, demand: &Demand<'a>, range: PortRange) {
        self.machines.entry(demand.machine).or_default().insert(range);
        if demand.is_dialled {
            self.dialled.entry(demand.machine.dialled).or_default().insert(range);
        }
        self.anyone.insert(range);
    }

    /// Keeps numbers from every machine.
    pub(super) fn withhold(&mut self, range: PortRange) {
        self.everywhere.insert(range);
    }

    /// What a listener can keep of numbers that it already has: only its own machine and address matter, so that a valid
    /// allotment never moves because of what another party does.
    pub(super) fn kept(&self, demand: &Demand<'a>, range: PortRange) -> Vec<PortRange> {
        self.at(demand).fold(vec![range], |parts, taken| {
            parts.into_iter().flat_map(|part| taken.free_within(part)).collect()
        })
    }

    /// What is taken on the machine, and, for numbers that peers dial, at its address.
    fn at(&self, demand: &Demand<'a>) -> impl Iterator<Item = &Taken> {
        let machine = demand.machine;
        let dialled = self.dialled.get(machine.dialled).filter(|_| demand.is_dialled);
        self.machines.get(&machine).into_iter().chain(dialled)
    }

    /// `count` numbers in a row.
    pub(super) fn find(&self, demand: &Demand<'a>, count: u16) -> Option<PortRange> {
        first_fit(self.pool(), count, &self.sets(demand))
    }

    /// At least `fewest` and at most `most` numbers right behind `range`, so that a firewall rule need only be widened.
    pub(super) fn behind(
        &self,
        demand: &Demand<'a>,
        range: PortRange,
        (fewest, most): (u16, u16),
    ) -> Option<PortRange> {
        let first = range.last().plus(1)?;
        let run = free_run(self.pool(), first, most, &self.sets(demand));
        PortRange::of_len(first, run).filter(|_| run >= fewest)
    }

    /// How many numbers of the pool are in use as the machine of a listener sees it.
    pub(super) fn used(&self, demand: &Demand<'a>) -> u32 {
        let sets = if self.is_global() {
            vec![&self.everywhere, &self.anyone]
        } else {
            std::iter::once(&self.everywhere).chain(self.machines.get(&demand.machine)).collect()
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

    fn sets(&self, demand: &Demand<'a>) -> Vec<&Taken> {
        let mut sets = vec![&self.everywhere];
        sets.extend(self.at(demand));
        if self.is_global() {
            sets.push(&self.anyone);
        }
        sets
    }
}
