//! A federation that grows, shrinks and grows again: no port that was allotted moves, and none that was given up goes to
//! another listener.

use std::{collections::BTreeMap, fmt::Write as _};

use proptest::{collection::vec, prelude::*};
use sfgen::{
    lockfile::{Allocation, Key},
    types::{DeviceName, Port, PortRanges},
};

use crate::growth::{EMPTY, allotted};

/// A federation as far as ports care. What is there is called by a letter, so that the alphabet says nothing of who
/// came first.
#[derive(Clone, Debug, Default)]
struct Federation {
    scope: &'static str,
    /// How many hosts each party has, each with its CPUs.
    parties: BTreeMap<char, Vec<u32>>,
    services: BTreeMap<char, char>,
    spus: BTreeMap<char, Vec<char>>,
    heus: BTreeMap<char, Vec<char>>,
    jobs: BTreeMap<char, (u32, Vec<char>)>,
    pins: BTreeMap<char, u32>,
}

/// One change of a federation. Letters beyond those in use change nothing.
#[derive(Clone, Debug)]
enum Change {
    Party(char),
    Host(char, u32),
    Cpus(char, u32),
    Service(char, char),
    Spu(char, [char; 2]),
    Heu(char, [char; 2]),
    Job(char, u32, [char; 2]),
    Slots(char, u32),
    DropSpu(char),
    DropJob(char),
    DropService(char),
    DropParty(char),
    Pin(char),
}

fn letter() -> impl Strategy<Value = char> {
    prop::sample::select(vec!['a', 'b', 'c', 'd', 'e'])
}

fn addition() -> impl Strategy<Value = Change> {
    let pair = || [letter(), letter()];
    prop_oneof![
        letter().prop_map(Change::Party),
        (letter(), 1..5_u32).prop_map(|(party, cpus)| Change::Host(party, cpus)),
        (letter(), 1..9_u32).prop_map(|(party, cpus)| Change::Cpus(party, cpus)),
        (letter(), letter()).prop_map(|(name, party)| Change::Service(name, party)),
        (letter(), pair()).prop_map(|(name, parties)| Change::Spu(name, parties)),
        (letter(), pair()).prop_map(|(name, parties)| Change::Heu(name, parties)),
        (letter(), 1..4_u32, pair())
            .prop_map(|(name, slots, parties)| Change::Job(name, slots, parties)),
        (letter(), 1..9_u32).prop_map(|(name, slots)| Change::Slots(name, slots)),
    ]
}

fn any_change() -> impl Strategy<Value = Change> {
    let drop = prop_oneof![
        letter().prop_map(Change::DropSpu),
        letter().prop_map(Change::DropJob),
        letter().prop_map(Change::DropService),
        letter().prop_map(Change::DropParty),
        letter().prop_map(Change::Pin),
    ];
    prop_oneof![2 => addition(), 1 => drop]
}

impl Federation {
    fn pair(scope: &'static str) -> Self {
        let mut pair = Self { scope, ..Self::default() };
        for party in ['b', 'd'] {
            pair.apply(&Change::Party(party));
        }
        pair.apply(&Change::Spu('c', ['b', 'd']));
        pair
    }

    fn apply(&mut self, change: &Change) {
        let there = |parties: &[char; 2]| {
            parties[0] != parties[1] && parties.iter().all(|party| self.parties.contains_key(party))
        };
        match change {
            Change::Party(name) => {
                self.parties.entry(*name).or_insert_with(|| vec![2]);
            }
            Change::Host(party, cpus) => {
                let hosts = self.parties.get_mut(party).filter(|hosts| hosts.len() < 3);
                if let Some(hosts) = hosts {
                    hosts.push(*cpus);
                }
            }
            Change::Cpus(party, more) => {
                self.parties.get_mut(party).into_iter().for_each(|hosts| hosts[0] += more);
            }
            Change::Service(name, party) if self.parties.contains_key(party) => {
                self.services.entry(*name).or_insert(*party);
            }
            Change::Spu(name, parties) if there(parties) => {
                self.spus.entry(*name).or_insert_with(|| parties.to_vec());
            }
            Change::Heu(name, parties) if there(parties) => {
                self.heus.entry(*name).or_insert_with(|| parties.to_vec());
            }
            Change::Job(name, slots, parties) if there(parties) => {
                self.jobs.entry(*name).or_insert_with(|| (*slots, parties.to_vec()));
            }
            Change::Slots(name, more) => {
                self.jobs.get_mut(name).into_iter().for_each(|(slots, _)| *slots += more);
            }
            Change::DropSpu(name) => drop(self.spus.remove(name)),
            Change::DropJob(name) => drop(self.jobs.remove(name)),
            Change::DropService(name) => drop(self.services.remove(name)),
            Change::DropParty(name) if *name != 'b' && *name != 'd' => {
                self.parties.remove(name);
                self.services.retain(|_, party| party != name);
                self.spus.retain(|_, parties| !parties.contains(name));
                self.heus.retain(|_, parties| !parties.contains(name));
                self.jobs.retain(|_, (_, parties)| !parties.contains(name));
                self.pins.remove(name);
            }
            Change::Pin(party) if self.parties.contains_key(party) => {
                let first = 12_000 + 200 * (u32::from(*party) - u32::from('a'));
                self.pins.insert(*party, first);
            }
            _ => {}
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "topology \"t\" mode=\"production\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n\
             ports scope=\"{}\" {{ pool 20000 31999; }}\n",
            self.scope
        );
        for (party, hosts) in &self.parties {
            writeln!(text, "party \"{party}\" {{").unwrap();
            for (index, cpus) in hosts.iter().enumerate() {
                // All first hosts share two machines.
                let machine = if index == 0 { u32::from(*party) % 2 } else { u32::from(*party) };
                writeln!(text, "host \"{party}{index}\" address=\"10.0.{index}.{machine}\" {{ ray cpus={cpus}; }}").unwrap();
            }
            for (service, _) in self.services.iter().filter(|(_, owner)| *owner == party) {
                writeln!(text, "service \"{service}\" {{ command \"x\"; port \"{service}\"; }}")
                    .unwrap();
            }
            if let Some(first) = self.pins.get(party) {
                writeln!(
                    text,
                    "pin \"sf\" {first} {}; pin \"spu\" {} {}",
                    first + 99,
                    first + 100,
                    first + 199
                )
                .unwrap();
            }
            text.push_str("}\n");
        }
        let quoted = |parties: &[char]| {
            parties.iter().map(|party| format!("\"{party}\"")).collect::<Vec<_>>().join(" ")
        };
        for (name, parties) in &self.spus {
            writeln!(
                text,
                "spu \"{name}\" protocol=\"SEMI2K\" field=\"FM128\" {{ parties {}; }}",
                quoted(parties)
            )
            .unwrap();
        }
        for (name, parties) in &self.heus {
            let [keeper, evaluator] = parties[..] else { continue };
            writeln!(
                text,
                "heu \"{name}\" {{ sk-keeper \"{keeper}\"; evaluators \"{evaluator}\"; }}"
            )
            .unwrap();
        }
        for (name, (slots, parties)) in &self.jobs {
            writeln!(text, "job \"{name}\" slots={slots} {{ parties {}; }}", quoted(parties))
                .unwrap();
        }
        text
    }

    /// The machine of a host.
    fn machine(&self, key: &Key) -> String {
        if self.scope == "global" {
            return String::new();
        }
        let mut name = key.host.as_str().chars();
        let (party, index) = (name.next().unwrap(), name.next().unwrap());
        let machine = if index == '0' { u32::from(party) % 2 } else { u32::from(party) };
        format!("10.0.{index}.{machine}")
    }
}

/// Who has a number: a listener and, within `spu`, an SPU with its slot.
type Owner = (Key, Option<DeviceName>);

fn owners(allocation: &Allocation) -> impl Iterator<Item = (Owner, &PortRanges)> {
    let roles = allocation.ports.iter().map(|(key, ports)| ((key.clone(), None), ports));
    let spus = allocation.spus.iter().flat_map(|(key, spus)| {
        spus.iter().map(|(spu, ports)| ((key.clone(), Some(spu.clone())), ports))
    });
    roles.chain(spus)
}

/// The number of each slot: those of `spu` as a whole have no order, since several SPUs share them.
fn slots_of((owner, ports): (Owner, &PortRanges)) -> (Owner, Vec<Port>) {
    let mut ports: Vec<Port> = ports.iter().collect();
    if owner.1.is_none() {
        ports.sort_unstable();
    }
    (owner, ports)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_addition_moves_a_port(
        steps in vec(vec(addition(), 1..4), 1..12),
        global in any::<bool>(),
    ) {
        let mut federation = Federation::pair(if global { "global" } else { "host" });
        let mut before = allotted(&federation.text(), EMPTY);
        for step in steps {
            for change in &step {
                federation.apply(change);
            }
            let after = allotted(&federation.text(), &before.lock_text());
            prop_assert!(after.moved.is_empty(), "{:?}", after.moved);
            let now: BTreeMap<Owner, Vec<Port>> = owners(&after).map(slots_of).collect();
            for (owner, ports) in owners(&before).map(slots_of) {
                let kept = &now[&owner];
                match owner.1 {
                    Some(_) => prop_assert_eq!(&kept[..ports.len()], &ports[..], "{:?}", owner),
                    None => prop_assert!(ports.iter().all(|port| kept.contains(port)), "{:?}", owner),
                }
            }
            before = after;
        }
    }

    #[test]
    fn no_number_ever_goes_to_another_listener(
        steps in vec(vec(any_change(), 1..4), 1..14),
        global in any::<bool>(),
    ) {
        let mut federation = Federation::pair(if global { "global" } else { "host" });
        let mut lock = EMPTY.to_owned();
        let mut known: BTreeMap<(String, Port, bool), Owner> = BTreeMap::new();
        for step in steps {
            for change in &step {
                federation.apply(change);
            }
            let allocation = allotted(&federation.text(), &lock);
            for (owner, ports) in owners(&allocation) {
                let machine = federation.machine(&owner.0);
                for port in ports.iter() {
                    // A pin is the user's word, also about which SPU's numbers are left.
                    if owner.1.is_some() && port.get() < 20_000 {
                        continue;
                    }
                    let place = (machine.clone(), port, owner.1.is_some());
                    let first = known.entry(place).or_insert_with(|| owner.clone());
                    prop_assert_eq!(&*first, &owner, "{} went on", port);
                }
            }
            lock = allocation.lock_text();
            let again = allotted(&federation.text(), &lock);
            prop_assert_eq!(again.lock_text(), lock.clone(), "a lock that nothing changes is left alone");
        }
    }
}
