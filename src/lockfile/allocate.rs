//! Gives every demand its numbers: pins first, then what the lock remembers, then what is free.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diag::{Code, Finding, Findings},
    model::{Demand, Machine, Topology, demands},
    types::{HostAddr, PortRange, PortScope, Role},
};

use super::{
    format::{Key, Lock, lock_text},
    taken::{Taken, first_fit},
};

/// Two lines of the lock claim one number of one machine.
const LOCK_OVERLAP: Code = Code("SF0603");
/// The pool has no room left.
const POOL_TOO_SMALL: Code = Code("SF0210");

/// Every listener's numbers, and what has changed about them.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// The numbers of each demand.
    pub ports: BTreeMap<Key, PortRange>,
    /// Numbers that the lock remembers and that nobody uses any more. They stay reserved.
    pub unused: BTreeMap<Key, PortRange>,
    /// The roles whose numbers are others than in the lock as it was: the old ones could not stay or did not suffice.
    pub moved: BTreeMap<Key, Move>,
}

/// Old and new numbers of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The old numbers.
    pub from: PortRange,
    /// The new ones.
    pub to: PortRange,
}

/// Allots ports to every listener of `topology`. A demand that cannot be met is reported.
pub fn allocate(topology: &Topology, lock: &Lock, findings: &mut Findings) -> Allocation {
    let demands = demands(topology);
    // In the order of keys, as the demands are.
    let keys: Vec<Key> = demands.iter().map(key_of).collect();
    let mut granted: Vec<Option<PortRange>> = vec![None; demands.len()];
    let mut book = Book::new(topology);
    for (demand, granted) in demands.iter().zip(&mut granted) {
        if let Some(pin) = demand.pin {
            book.take(demand, pin.range.value);
            *granted = Some(pin.range.value);
        }
    }
    // Numbers of what was removed stay reserved on every machine: the lock does not say on which one they were used.
    let gone = lock.ports.iter().filter(|(key, _)| keys.binary_search(key).is_err());
    let unused: BTreeMap<Key, PortRange> =
        gone.map(|(key, (range, _))| (key.clone(), *range)).collect();
    for range in unused.values() {
        book.everywhere.insert(*range);
    }
    report_overlaps(&demands, &keys, lock, findings);
    let remembered = |key: &Key| lock.ports.get(key).map(|(range, _)| *range);
    for ((demand, key), granted) in demands.iter().zip(&keys).zip(&mut granted) {
        let is_kept = |range: &PortRange| {
            range.count() >= u32::from(demand.count) && book.is_free(demand, *range)
        };
        let kept = remembered(key).filter(|range| granted.is_none() && is_kept(range));
        if let Some(range) = kept {
            book.take(demand, range);
            *granted = Some(range);
        }
    }
    let mut missing: BTreeMap<Machine<'_>, (u32, &Demand<'_>)> = BTreeMap::new();
    let open = demands.iter().zip(&keys).zip(&mut granted).filter(|(_, granted)| granted.is_none());
    for ((demand, key), granted) in open {
        let grown = remembered(key).and_then(|range| book.grow(demand, range));
        *granted = grown.or_else(|| book.find(demand));
        match granted {
            Some(range) => book.take(demand, *range),
            None => {
                missing.entry(demand.machine).or_insert((0, demand)).0 += u32::from(demand.count);
            }
        }
    }
    report_missing(topology, &missing, findings);
    let granted = keys.into_iter().zip(granted);
    let ports: BTreeMap<Key, PortRange> =
        granted.filter_map(|(key, range)| Some((key, range?))).collect();
    let moved = ports.iter().filter_map(|(key, to)| {
        let from = remembered(key).filter(|from| from != to)?;
        Some((key.clone(), Move { from, to: *to }))
    });
    Allocation { moved: moved.collect(), ports, unused }
}

fn key_of(demand: &Demand<'_>) -> Key {
    Key { party: demand.party.clone(), host: demand.host.clone(), role: demand.role.clone() }
}

/// Who uses which numbers, so far.
struct Book<'a> {
    topology: &'a Topology,
    /// What each machine listens on or has reserved.
    machines: BTreeMap<Machine<'a>, Taken>,
    /// What peers dial at each address: behind one NAT, a number leads to one machine.
    dialled: BTreeMap<&'a HostAddr, Taken>,
    /// What no machine may use: numbers of removed parties and, with `scope="global"`, those of all parties.
    everywhere: Taken,
    /// What any party has: with `scope="global"` no other party may have it.
    anyone: Taken,
}

impl<'a> Book<'a> {
    fn new(topology: &'a Topology) -> Self {
        let mut machines: BTreeMap<Machine<'_>, Taken> = BTreeMap::new();
        let mut dialled: BTreeMap<&HostAddr, Taken> = BTreeMap::new();
        for (_, host) in topology.hosts() {
            let machine = machines.entry(host.machine()).or_default();
            host.reserved.iter().for_each(|port| machine.insert(port.value.into()));
            for outside in &host.outside {
                dialled.entry(&host.address.value).or_default().insert(outside.range.value);
            }
        }
        let (everywhere, anyone) = (Taken::default(), Taken::default());
        Self { topology, machines, dialled, everywhere, anyone }
    }

    fn take(&mut self, demand: &Demand<'a>, range: PortRange) {
        self.machines.entry(demand.machine).or_default().insert(range);
        if demand.is_dialled {
            self.dialled.entry(demand.machine.dialled).or_default().insert(range);
        }
        self.anyone.insert(range);
    }

    /// Whether a machine can keep a range that it already has: only its own machine matters, so that a valid
    /// allotment never moves because of what another party does.
    fn is_free(&self, demand: &Demand<'a>, range: PortRange) -> bool {
        self.at(demand).all(|taken| !taken.meets(range))
    }

    /// What is taken on the machine, and, for numbers that peers dial, at its address.
    fn at(&self, demand: &Demand<'a>) -> impl Iterator<Item = &Taken> {
        let machine = demand.machine;
        let dialled = self.dialled.get(machine.dialled).filter(|_| demand.is_dialled);
        self.machines.get(&machine).into_iter().chain(dialled)
    }

    fn sets(&self, demand: &Demand<'a>) -> Vec<&Taken> {
        let mut sets = vec![&self.everywhere];
        sets.extend(self.at(demand));
        if self.topology.ports.scope == PortScope::Global {
            sets.push(&self.anyone);
        }
        sets
    }

    fn find(&self, demand: &Demand<'a>) -> Option<PortRange> {
        first_fit(self.topology.ports.pool.value, demand.count, &self.sets(demand))
    }

    /// A longer range with the same first number, so that a firewall rule need only be widened.
    fn grow(&self, demand: &Demand<'a>, old: PortRange) -> Option<PortRange> {
        let longer = PortRange::of_len(old.first(), demand.count)?;
        let pool = self.topology.ports.pool.value;
        let inside = pool.contains(longer.first()) && pool.contains(longer.last());
        let free = self.sets(demand).iter().all(|set| !set.meets(longer));
        (inside && free && longer.count() > old.count()).then_some(longer)
    }
}

fn report_overlaps(demands: &[Demand<'_>], keys: &[Key], lock: &Lock, findings: &mut Findings) {
    let mut by_machine: BTreeMap<Machine<'_>, Vec<(&Key, PortRange)>> = BTreeMap::new();
    let open = demands.iter().zip(keys).filter(|(demand, _)| demand.pin.is_none());
    for (demand, key) in open {
        if let Some((range, _)) = lock.ports.get(key) {
            by_machine.entry(demand.machine).or_default().push((key, *range));
        }
    }
    for (machine, mut claims) in by_machine {
        claims.sort_by_key(|(key, range)| (*range, *key));
        for pair in claims.windows(2) {
            let [(first, a), (second, b)] = pair else { continue };
            if !a.overlaps(*b) {
                continue;
            }
            let message = format!("the lock gives {b} on {machine} to both {first} and {second}");
            let mut finding = Finding::error(LOCK_OVERLAP, message);
            for (key, text) in [(second, "this line"), (first, "and this line")] {
                if let Some(place) = lock.get(key) {
                    finding = finding.label(place.span, text);
                }
            }
            findings.push(finding.help(
                "restore the lock from git, or remove one of the two lines to have its ports allotted anew",
            ));
        }
    }
}

/// The pool with room for `count` more, upwards first; `None` where ports that programs may listen on do not suffice.
fn widened(pool: PortRange, count: u32) -> Option<(u32, u32)> {
    let (first, last) = (u32::from(pool.first().get()), u32::from(pool.last().get()));
    let (lowest, highest) = (PortRange::PLANNABLE.first(), PortRange::PLANNABLE.last());
    let above = u32::from(highest.get()).saturating_sub(last).min(count);
    let first = first.checked_sub(count - above)?;
    (first >= u32::from(lowest.get())).then_some((first, last + above))
}

fn report_missing(
    topology: &Topology,
    missing: &BTreeMap<Machine<'_>, (u32, &Demand<'_>)>,
    findings: &mut Findings,
) {
    let pool = &topology.ports.pool;
    let Some((machine, (_, demand))) = missing.iter().next() else { return };
    let count: u32 = missing.values().map(|(count, _)| count).sum();
    let message = format!(
        "the pool {} has {count} ports too few: there is no room for `{}` of {}",
        pool.value, demand.role, demand.party
    );
    let mut ways = Vec::new();
    if let Some((first, last)) = widened(pool.value, count) {
        ways.push(format!(
            "widen the pool (`pool {first} {last}` or more, from {} to {})",
            PortRange::PLANNABLE.first(),
            PortRange::PLANNABLE.last()
        ));
    }
    let machines: BTreeSet<_> = topology.hosts().map(|(_, host)| host.machine()).collect();
    if topology.ports.scope == PortScope::Global && machines.len() > 1 {
        let why = "since only listeners of one machine can collide";
        ways.push(format!("write `ports scope=\"host\"`, {why}"));
    } else {
        ways.push(format!("give the parties on {machine} fewer slots or CPUs"));
    }
    let help = ways.join(", or ");
    let finding = Finding::error(POOL_TOO_SMALL, message)
        .label(pool.span, "this pool")
        .label(demand.span, format!("`{}` is wanted here", demand.role))
        .help(help);
    findings.push(finding);
}

impl Allocation {
    /// The text of the lock to write: these numbers, and those of whoever was removed.
    #[must_use]
    pub fn lock_text(&self) -> String {
        lock_text(self.ports.iter().chain(&self.unused))
    }

    /// The text of the lock without the numbers that nobody uses any more.
    #[must_use]
    pub fn pruned_lock_text(&self) -> String {
        lock_text(&self.ports)
    }

    /// The numbers of one role.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<PortRange> {
        self.ports.get(key).copied()
    }

    /// The numbers of all roles of one host.
    pub fn of_host<'a>(
        &'a self,
        party: &'a crate::types::PartyName,
        host: &'a crate::types::HostName,
    ) -> impl Iterator<Item = (&'a Role, PortRange)> {
        // Keys are sorted by party, host and role, of which this is the least.
        let first = Key { party: party.clone(), host: host.clone(), role: Role::Control };
        let mine = self
            .ports
            .range(first..)
            .take_while(move |(key, _)| key.party == *party && key.host == *host);
        mine.map(|(key, range)| (&key.role, *range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Port;

    fn pool(first: u16, last: u16) -> PortRange {
        let port = |number| Port::try_from(i128::from(number)).unwrap();
        PortRange::new(port(first), port(last)).unwrap()
    }

    #[test]
    fn a_pool_is_widened_upwards_then_downwards_and_never_into_ports_of_others() {
        assert_eq!(widened(pool(20000, 20010), 40), Some((20000, 20050)));
        assert_eq!(widened(pool(20000, 32760), 40), Some((19967, 32767)));
        assert_eq!(widened(pool(1024, 32760), 40), None);
        assert_eq!(widened(pool(40000, 40010), 40), Some((39960, 40010)));
    }
}
