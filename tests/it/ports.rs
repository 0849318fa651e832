//! What holds for every port plan, whatever is declared, added and removed.

use std::{collections::BTreeMap, fmt::Write as _};

use camino::Utf8Path;
use proptest::{collection::vec, prelude::*, sample::subsequence};
use sfgen::{
    compile::{Compilation, Input, compile},
    lockfile::{Allocation, Key},
    syntax::MemoryWorkspace,
    types::{PortRange, PortRanges},
};

use crate::federation::NOW;

/// A party as far as ports care: its machine, its Ray's CPUs, and how many runs it has at once.
#[derive(Clone, Debug)]
struct Party {
    name: usize,
    machine: u8,
    cpus: u8,
    slots: u8,
}

prop_compose! {
    fn party(name: usize)(machine in 1..4_u8, cpus in 1..6_u8, slots in 1..4_u8) -> Party {
        Party { name, machine, cpus, slots }
    }
}

fn parties() -> impl Strategy<Value = Vec<Party>> {
    (2..6_usize).prop_flat_map(|count| (0..count).map(party).collect::<Vec<_>>())
}

/// A simulation, which needs no certificates: its Ray nodes, SPU links and pins are those of production.
fn topology(parties: &[Party], scope: &str) -> String {
    let mut text = format!(
        "topology \"t\" mode=\"simulation\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n\
         ports scope=\"{scope}\" {{ pool 20000 23999; }}\n"
    );
    for Party { name, machine, cpus, slots } in parties {
        write!(
            text,
            "party \"p{name}\" {{ host \"h{name}\" address=\"10.0.0.{machine}\" {{ ray cpus={cpus}; reserve 20007 20100; }} }}\n\
             job \"j{name}\" slots={slots} {{ parties \"p{name}\"; }}\n"
        )
        .unwrap();
    }
    text
}

fn plan(parties: &[Party], scope: &str, lock: Option<&str>) -> Compilation {
    let mut files = MemoryWorkspace::default().with("topology.kdl", topology(parties, scope));
    if let Some(lock) = lock {
        files = files.with("sfgen.lock", lock);
    }
    compile(&Input {
        workspace: &files,
        root: Utf8Path::new("topology.kdl"),
        lock: Utf8Path::new("sfgen.lock"),
        mode: None,
        now: NOW,
    })
}

fn allotted(parties: &[Party], scope: &str, lock: Option<&str>) -> Allocation {
    let done = plan(parties, scope, lock);
    let found: Vec<_> = done.findings.iter().map(|finding| &finding.message).collect();
    done.output.unwrap_or_else(|| panic!("{found:?}\n{}", topology(parties, scope))).allocation
}

/// No machine has a number twice; with `scope="global"` nobody has another party's; none is reserved or ephemeral.
fn assert_sound(parties: &[Party], scope: &str, allocation: &Allocation) {
    let machine = |key: &Key| {
        let party = parties.iter().find(|party| format!("p{}", party.name) == key.party.as_str());
        party.unwrap().machine
    };
    let held = allocation.ports.iter().chain(&allocation.kept);
    let all: Vec<(&Key, PortRange)> = held
        .flat_map(|(key, ports)| ports.ranges().iter().map(move |range| (key, *range)))
        .collect();
    for (index, (key, range)) in all.iter().enumerate() {
        assert!(range.first().get() >= 20000 && range.last().get() <= 23999, "{key} {range}");
        assert!(!range.iter().any(|port| [20007, 20100].contains(&port.get())), "{key} {range}");
        for (other, taken) in &all[index + 1..] {
            let apart = machine(key) != machine(other) && scope == "host";
            assert!(apart || !range.overlaps(*taken), "{key} {range} and {other} {taken}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_two_listeners_of_a_machine_share_a_number(all in parties(), global in any::<bool>()) {
        let scope = if global { "global" } else { "host" };
        assert_sound(&all, scope, &allotted(&all, scope, None));
    }

    #[test]
    fn the_order_of_declaration_does_not_matter(all in parties(), seed in any::<u64>()) {
        let mut shuffled = all.clone();
        shuffled.rotate_left(usize::try_from(seed % 5).unwrap() % all.len());
        // The first party of a simulation is the head of its Ray cluster, so it stays in front.
        let head = shuffled.iter().position(|party| party.name == 0).unwrap();
        shuffled.swap(0, head);
        prop_assert_eq!(allotted(&all, "global", None).ports, allotted(&shuffled, "global", None).ports);
    }

    #[test]
    fn whoever_comes_or_goes_moves_no_number_of_another(
        all in parties(),
        steps in vec(subsequence((1..5_usize).collect::<Vec<_>>(), 1..4), 1..5),
    ) {
        let mut lock: Option<String> = None;
        let mut known: BTreeMap<Key, PortRanges> = BTreeMap::new();
        for step in steps {
            let there = |party: &&Party| party.name == 0 || step.contains(&party.name);
            let present: Vec<Party> = all.iter().filter(there).cloned().collect();
            // One host alone is a simulation without a Ray cluster of its own, another thing altogether.
            if present.len() < 2 {
                continue;
            }
            let allocation = allotted(&present, "global", lock.as_deref());
            assert_sound(&present, "global", &allocation);
            for (key, range) in &allocation.ports {
                if let Some(before) = known.get(key) {
                    prop_assert_eq!(before, range, "{} moved", key);
                }
            }
            known.extend(allocation.ports.clone());
            lock = Some(allocation.lock_text());
        }
    }
}

#[test]
fn a_pool_that_is_too_small_says_how_many_are_missing_and_which_setting_gives_them() {
    let parties = [1, 2].map(|name| Party { name, machine: 1, cpus: 200, slots: 1 });
    let mut text = topology(&parties, "global");
    text = text.replace("pool 20000 23999", "pool 20000 20499");
    let files = MemoryWorkspace::default().with("topology.kdl", text);
    let done = compile(&Input {
        workspace: &files,
        root: Utf8Path::new("topology.kdl"),
        lock: Utf8Path::new("sfgen.lock"),
        mode: None,
        now: NOW,
    });
    let finding = done.findings.iter().find(|finding| finding.code.0 == "SF0210").unwrap();
    assert!(finding.message.contains("ports too few"), "{}", finding.message);
    assert!(finding.help.as_ref().unwrap().contains("pool 20000 "), "{:?}", finding.help);
}
