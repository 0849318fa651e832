//! Gives every demand its numbers: pins first, then what the lock remembers, then what is free.
//!
//! What the lock remembers of a listener is a list of numbers that only gets longer: what is missing is added at its
//! end, if possible right behind it. A listener that grows therefore keeps every number it has, and none is ever given
//! to another listener. Ranges that can grow get room when they begin or go on, as far as the pool has plenty.

use std::collections::BTreeMap;

use crate::{
    diag::Findings,
    model::{Demand, Machine, Topology, demands},
    types::{PortRange, PortRanges, Role},
};

use super::{
    allocation::{Allocation, Move, Remembered},
    book::{Book, undeclared_ports},
    format::{Key, Line, Lock, SpuKey},
    report::{displacement, report_missing, report_overlaps},
    room::Room,
    spus::{SpuLines, SpuNumbers, spu_lines},
};

/// Allots ports to every listener of `topology`. A demand that cannot be met is reported.
pub fn allocate(topology: &Topology, lock: &Lock, findings: &mut Findings) -> Allocation {
    let demands = demands(topology);
    // In the order of keys, as the demands are.
    let keys: Vec<Key> = demands.iter().map(key_of).collect();
    report_overlaps(&demands, &keys, lock, findings);
    let mut book = Book::new(topology, lock);
    for demand in &demands {
        if let Some(pin) = demand.pin {
            book.take(demand, pin.range.value);
        }
    }
    // Numbers of what was removed stay reserved on every machine: the lock does not say on which one they were used.
    let gone = lock.ports.iter().filter(|(key, _)| keys.binary_search(key).is_err());
    let unused: BTreeMap<Key, PortRanges> =
        gone.filter_map(|(key, lines)| Some((key.clone(), sequence(lines)?))).collect();
    unused.values().flat_map(PortRanges::ranges).for_each(|range| book.withhold(*range));
    let lines = spu_lines(lock);
    let listeners = demands.iter().zip(&keys);
    let mut listeners: Vec<Listener<'_>> = listeners
        .map(|(demand, key)| {
            let known = lock.ports.get(key).map(Vec::as_slice).unwrap_or_default();
            Listener::remembered(demand, key, known, &lines, &mut book)
        })
        .collect();
    extend(&mut listeners, &book, topology, findings);
    report_displaced(topology, lock, &listeners, findings);
    conclude(listeners, lock, unused)
}

fn key_of(demand: &Demand<'_>) -> Key {
    Key { party: demand.party.clone(), host: demand.host.clone(), role: demand.role.clone() }
}

/// The numbers of these lines one after the other; `None` without a line.
fn sequence(lines: &[Line]) -> Option<PortRanges> {
    PortRanges::new(lines.iter().map(|line| line.range)).ok()
}

/// A demand with what it holds so far.
struct Listener<'a> {
    demand: &'a Demand<'a>,
    key: &'a Key,
    /// Its numbers, those kept for growth included.
    held: Vec<PortRange>,
    /// Numbers that it had before it was pinned.
    given_up: Vec<PortRange>,
    /// What it used when the lock was written, as far as the lock tells.
    before: Option<PortRanges>,
    /// The numbers of each SPU, for `spu`.
    spus: Option<SpuNumbers<'a>>,
}

impl<'a> Listener<'a> {
    /// What the lock has of it and the machine can keep.
    fn remembered(
        demand: &'a Demand<'a>,
        key: &'a Key,
        known: &[Line],
        spus: &SpuLines<'a>,
        book: &mut Book<'a>,
    ) -> Self {
        let mut kept = Vec::new();
        for line in known {
            for part in book.kept(demand, line.range) {
                book.take(demand, part);
                kept.push(part);
            }
        }
        let (held, given_up) = match demand.pin {
            Some(pin) => (vec![pin.range.value], kept),
            None => (kept, Vec::new()),
        };
        let all = sequence(known);
        let count = u32::from(demand.count);
        let mut before = all.and_then(|all| all.part(0, count.min(all.count())));
        let mut numbers = None;
        if demand.role == Role::Spu {
            let lines = spus.get(&(demand.party, demand.host));
            let remembered = SpuNumbers::remembered(demand, known, lines);
            let used = remembered.current(demand).flat_map(|(_, numbers)| numbers.to_vec());
            before = PortRanges::of(used).ok();
            numbers = Some(remembered.within(&held));
        }
        Self { demand, key, held, given_up, before, spus: numbers }
    }

    /// How many numbers it lacks. A pin that is too short is a finding of its own.
    fn missing(&self) -> u16 {
        if self.demand.pin.is_some() {
            return 0;
        }
        let held: u32 = self.held.iter().map(|range| range.count()).sum();
        let needed = match &self.spus {
            Some(spus) => u32::try_from(spus.needed(self.demand)).unwrap_or(u32::MAX),
            None => self.demand.count.into(),
        };
        u16::try_from(needed.saturating_sub(held)).unwrap_or(u16::MAX)
    }

    /// Numbers for what it lacks: behind what it has, else at another place, with `room` more where there is space.
    fn find(&self, missing: u16, room: u16, book: &Book<'a>) -> Option<PortRange> {
        let most = missing.saturating_add(room);
        let last = self.held.last();
        let behind = last.and_then(|last| book.behind(self.demand, *last, (missing, most)));
        behind.or_else(|| book.find(self.demand, most)).or_else(|| book.find(self.demand, missing))
    }
}

/// Adds what is missing. Where the pool has no space for all, it is tried again with less room for growth.
fn extend<'a>(
    listeners: &mut [Listener<'a>],
    book: &Book<'a>,
    topology: &Topology,
    findings: &mut Findings,
) {
    let lacking: Vec<(usize, u16)> = listeners
        .iter()
        .enumerate()
        .map(|(index, listener)| (index, listener.missing()))
        .filter(|(_, missing)| *missing > 0)
        .collect();
    let wanted = lacking.iter().map(|(index, missing)| (listeners[*index].demand, *missing));
    let mut room = Room::new(wanted, book);
    let (found, missing) = loop {
        let mut book = book.clone();
        let mut found = Vec::new();
        let mut missing: BTreeMap<Machine<'_>, (u32, &Demand<'_>)> = BTreeMap::new();
        for (index, count) in &lacking {
            let listener = &listeners[*index];
            let demand = listener.demand;
            match listener.find(*count, room.of(demand), &book) {
                Some(range) => {
                    book.take(demand, range);
                    found.push((*index, range));
                }
                None => missing.entry(demand.machine).or_insert((0, demand)).0 += u32::from(*count),
            }
        }
        let reduced = missing.keys().filter(|machine| room.give_up(**machine)).count();
        if reduced == 0 {
            break (found, missing);
        }
    };
    report_missing(topology, &missing, findings);
    for (index, range) in found {
        listeners[index].held.push(range);
    }
}

/// Reports numbers in commands of services that the lock has for a listener, which would have to move.
fn report_displaced(
    topology: &Topology,
    lock: &Lock,
    listeners: &[Listener<'_>],
    findings: &mut Findings,
) {
    for literal in undeclared_ports(topology, lock) {
        let number = literal.port.value.into();
        let displaced = listeners.iter().find(|listener| {
            let had = listener.before.as_ref().is_some_and(|before| before.overlap(number));
            let Demand { machine, pin, .. } = listener.demand;
            had && pin.is_none() && *machine == literal.host.machine()
        });
        if let Some(listener) = displaced {
            findings.push(displacement(&literal, listener.demand));
        }
    }
}

fn conclude(
    listeners: Vec<Listener<'_>>,
    lock: &Lock,
    unused: BTreeMap<Key, PortRanges>,
) -> Allocation {
    let ranges = |lines: &Vec<Line>| lines.iter().map(|line| line.range).collect();
    let spus = lock.spus.iter().map(|(key, lines)| (key.clone(), ranges(lines)));
    let mut done = Allocation {
        ports: BTreeMap::new(),
        kept: BTreeMap::new(),
        spus: BTreeMap::new(),
        unused,
        moved: BTreeMap::new(),
        remembered: Remembered { spus: spus.collect(), ..Remembered::default() },
    };
    for Listener { demand, key, held, given_up, before, spus } in listeners {
        let Ok(all) = PortRanges::new(held.iter().copied()) else { continue };
        let spus = spus.map(|spus| spus.complete(demand, &held));
        let used = match &spus {
            // A pin is in a firewall already: the listener has all of it.
            _ if demand.pin.is_some() => Some(all.clone()),
            Some(spus) => spus.used(demand, &held),
            None => all.part(0, u32::from(demand.count).min(all.count())),
        };
        let Some(used) = used else { continue };
        if let Some(spus) = spus {
            let numbers = spus.current(demand).filter_map(|(spu, numbers)| {
                Some((spu.clone(), PortRanges::of(numbers.iter().copied()).ok()?))
            });
            done.spus.insert(key.clone(), numbers.collect());
            for (spu, numbers) in spus.lines() {
                let (party, host) = (key.party.clone(), key.host.clone());
                let line = SpuKey { party, host, spu: spu.clone() };
                done.remembered.spus.insert(line, numbers.ranges().to_vec());
            }
        }
        if let Some(from) = before.filter(|before| !used.cover(before)) {
            done.moved.insert(key.clone(), Move { from, to: used.clone() });
        }
        if let Some(kept) = all.without(&used) {
            done.kept.insert(key.clone(), kept);
        }
        done.remembered.ports.insert(key.clone(), all.ranges().to_vec());
        if !given_up.is_empty() {
            done.remembered.given_up.insert(key.clone(), given_up);
        }
        done.ports.insert(key.clone(), used);
    }
    done
}
