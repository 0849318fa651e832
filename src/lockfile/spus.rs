//! Which of a host's `spu` numbers each SPU has. It is remembered, since an SPU that joins or a further slot would shift
//! what is counted off by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::Demand,
    types::{DeviceName, HostName, PartyName, Port, PortRange, PortRanges},
};

use super::format::{Line, Lock};

/// The lines of the SPUs of a lock by party and host.
pub(super) type SpuLines<'a> =
    BTreeMap<(&'a PartyName, &'a HostName), Vec<(&'a DeviceName, &'a [Line])>>;

/// The lines of the SPUs of `lock`, those of one host together.
pub(super) fn spu_lines(lock: &Lock) -> SpuLines<'_> {
    let mut lines = SpuLines::new();
    for (key, own) in &lock.spus {
        lines.entry((&key.party, &key.host)).or_default().push((&key.spu, own.as_slice()));
    }
    lines
}

/// The numbers of the SPUs of one host, of those too that are gone.
#[derive(Clone, Debug)]
pub(super) struct SpuNumbers<'a>(BTreeMap<&'a DeviceName, Vec<Port>>);

impl<'a> SpuNumbers<'a> {
    /// What a lock says: the lines of the SPUs or, where it has none, its range counted off by name, which is how ports
    /// were shared out before there were such lines.
    pub(super) fn remembered(
        demand: &Demand<'a>,
        range: &[Line],
        lines: Option<&Vec<(&'a DeviceName, &'a [Line])>>,
    ) -> Self {
        let numbers = |lines: &[Line]| -> Vec<Port> {
            lines.iter().flat_map(|line| line.range.iter()).collect()
        };
        if let Some(lines) = lines {
            return Self(lines.iter().map(|(spu, lines)| (*spu, numbers(lines))).collect());
        }
        let all = numbers(range);
        let spus = demand.spus.len().max(1);
        let each = slots(demand).min(all.len() / spus).max(1);
        Self(demand.spus.iter().copied().zip(all.chunks(each).map(<[Port]>::to_vec)).collect())
    }

    /// Forgets numbers that the host does not have any more, and those that another SPU has too.
    pub(super) fn within(mut self, held: &[PortRange]) -> Self {
        let mut seen = BTreeSet::new();
        for numbers in self.0.values_mut() {
            let is_held = |port: Port| held.iter().any(|range| range.contains(port));
            numbers.retain(|port| is_held(*port) && seen.insert(*port));
        }
        self
    }

    /// Every number that an SPU has or had.
    pub(super) fn all(&self) -> BTreeSet<Port> {
        self.0.values().flatten().copied().collect()
    }

    /// How many numbers the host must have so that each SPU has one per slot, and what was given up stays unused.
    pub(super) fn needed(&self, demand: &Demand<'_>) -> usize {
        let missing = demand
            .spus
            .iter()
            .map(|spu| slots(demand).saturating_sub(self.0.get(spu).map_or(0, Vec::len)));
        self.all().len() + missing.sum::<usize>()
    }

    /// Gives each SPU what it lacks of the numbers that the host holds: those that none has had, lowest slot first, and
    /// where a pin leaves no others those of SPUs that are gone.
    pub(super) fn complete(mut self, demand: &Demand<'a>, held: &[PortRange]) -> Self {
        let had = self.all();
        let fresh = held.iter().flat_map(|range| range.iter()).filter(|port| !had.contains(port));
        let gone: Vec<&DeviceName> =
            self.0.keys().copied().filter(|spu| !demand.spus.contains(spu)).collect();
        let left = gone.iter().flat_map(|spu| self.0[spu].clone());
        let mut free = fresh.chain(left.collect::<Vec<_>>());
        let mut given = BTreeSet::new();
        for spu in &demand.spus {
            let numbers = self.0.entry(spu).or_default();
            let lacking = slots(demand).saturating_sub(numbers.len());
            let more: Vec<Port> = free.by_ref().take(lacking).collect();
            given.extend(more.iter().copied());
            numbers.extend(more);
        }
        for spu in gone {
            if let Some(numbers) = self.0.get_mut(spu) {
                numbers.retain(|port| !given.contains(port));
            }
        }
        self
    }

    /// The numbers that SPUs use now, in the order of `held`.
    pub(super) fn used(&self, demand: &Demand<'_>, held: &[PortRange]) -> Option<PortRanges> {
        let used: BTreeSet<Port> =
            self.current(demand).flat_map(|(_, numbers)| numbers.to_vec()).collect();
        let ports = held.iter().flat_map(|range| range.iter());
        PortRanges::of(ports.filter(|port| used.contains(port))).ok()
    }

    /// The SPUs that there are, with the numbers that they use.
    pub(super) fn current<'s>(
        &'s self,
        demand: &'s Demand<'_>,
    ) -> impl Iterator<Item = (&'s DeviceName, &'s [Port])> {
        demand.spus.iter().filter_map(|spu| {
            let numbers = self.0.get(spu)?;
            Some((*spu, &numbers[..slots(demand).min(numbers.len())]))
        })
    }

    /// Every SPU with all numbers that it has or had, none left out that has one.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&DeviceName, PortRanges)> {
        let ranges = |numbers: &Vec<Port>| PortRanges::of(numbers.iter().copied()).ok();
        self.0.iter().filter_map(move |(spu, numbers)| Some((*spu, ranges(numbers)?)))
    }
}

/// How many numbers each SPU needs.
fn slots(demand: &Demand<'_>) -> usize {
    usize::from(demand.count) / demand.spus.len().max(1)
}
