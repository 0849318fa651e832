//! Ranges that can grow: the room that they keep, and where they go on beyond it.

use camino::Utf8Path;
use sfgen::{
    diag::{Findings, Sources},
    lockfile::{Allocation, Key, Lock, allocate},
    model::Topology,
    syntax::{self, MemoryWorkspace},
    types::PortRanges,
};

use crate::federation::{Beside, compile_with};

/// The ports of a topology beside a lock.
pub(crate) fn allotted(text: &str, lock: &str) -> Allocation {
    let mut findings = Findings::default();
    let files = MemoryWorkspace::default().with("topology.kdl", text);
    let loaded = syntax::load(&files, Utf8Path::new("topology.kdl"), &mut findings);
    let topology = Topology::read(&loaded, &mut findings).expect("a topology");
    let file = Sources::default().add("sfgen.lock", lock);
    let lock = Lock::parse(file, lock, &mut findings).expect("a lock");
    let allocation = allocate(&topology, &lock, &mut findings);
    let found: Vec<_> = findings.iter().map(|finding| &finding.message).collect();
    assert!(found.is_empty(), "{found:?}\n{text}");
    allocation
}

/// A lock that remembers nothing.
pub(crate) const EMPTY: &str = "version = 1\n";

/// Two parties with two SPUs and a job, and the lock that was written before ranges kept room.
const DENSE: &str = r#"topology "t" mode="production"
runtime "secretflow" version="1.13.0b0" engine="threads"
party "alice" { host "alice-1" address="10.0.0.1"; }
party "bob" { host "bob-1" address="10.0.0.2"; }
spu "one" protocol="SEMI2K" field="FM128" { parties "alice" "bob"; }
spu "two" protocol="SEMI2K" field="FM128" { parties "alice" "bob"; }
job "psi" { parties "alice" "bob"; }
"#;

const DENSE_LOCK: &str = r#"# Written by `sfgen plan`; commit it. A line that is lost moves its ports.
version = 1

[ports]
"alice/alice-1/control" = [20000, 20000]
"alice/alice-1/heu" = [20006, 20006]
"alice/alice-1/sf" = [20001, 20001]
"alice/alice-1/spu" = [20002, 20003]
"alice/alice-1/spu-local" = [20004, 20005]
"bob/bob-1/control" = [20007, 20007]
"bob/bob-1/heu" = [20013, 20013]
"bob/bob-1/sf" = [20008, 20008]
"bob/bob-1/spu" = [20009, 20010]
"bob/bob-1/spu-local" = [20011, 20012]
"#;

/// The lines of a lock below a table's head.
fn table<'a>(lock: &'a str, head: &str) -> Vec<&'a str> {
    let lines = lock.lines().skip_while(|line| *line != head).skip(1);
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn a_lock_without_room_keeps_every_line() {
    let lock = allotted(DENSE, DENSE_LOCK).lock_text();
    assert_eq!(table(&lock, "[ports]"), table(DENSE_LOCK, "[ports]"));
    assert_eq!(
        table(&lock, "[spus]"),
        [
            "\"alice/alice-1/one\" = [20002, 20002]",
            "\"alice/alice-1/two\" = [20003, 20003]",
            "\"bob/bob-1/one\" = [20009, 20009]",
            "\"bob/bob-1/two\" = [20010, 20010]",
        ]
    );
}

#[test]
fn a_range_without_room_goes_on_at_another_place_and_the_lock_has_both() {
    let grown =
        DENSE.replace("job \"psi\"", "job \"align\" { parties \"alice\" \"bob\"; }\njob \"psi\"");
    let allocation = allotted(&grown, DENSE_LOCK);
    assert!(allocation.moved.is_empty());
    let lock = allocation.lock_text();
    for line in table(DENSE_LOCK, "[ports]") {
        assert!(lock.lines().any(|other| other == line), "{line} moved");
    }
    let more = |host: &str| {
        let new =
            |line: &&&str| line.starts_with(&format!("\"{host}/")) && !DENSE_LOCK.contains(**line);
        table(&lock, "[ports]").iter().filter(new).map(ToString::to_string).collect::<Vec<_>>()
    };
    // One number that is missing, and room for as many more as the role then has.
    assert_eq!(
        more("alice/alice-1"),
        [
            "\"alice/alice-1/heu.2\" = [20039, 20047]",
            "\"alice/alice-1/sf.2\" = [20014, 20022]",
            "\"alice/alice-1/spu-local.2\" = [20031, 20038]",
            "\"alice/alice-1/spu.2\" = [20023, 20030]",
        ]
    );
    let key = |role: &str| format!("alice/alice-1/{role}").parse::<Key>().unwrap();
    assert_eq!(allocation.ports[&key("sf")].to_string(), "20001, 20014");
    let spus = &allocation.spus[&key("spu")];
    let spus: Vec<String> = spus.iter().map(|(spu, ports)| format!("{spu}: {ports}")).collect();
    assert_eq!(spus, ["one: 20002, 20023", "two: 20003, 20024"]);
}

#[test]
fn room_shrinks_where_the_pool_is_small_and_nobody_goes_without_numbers() {
    let listeners = |pool: &str| {
        let text =
            DENSE.replace("party \"alice\"", &format!("ports {{ pool {pool}; }}\nparty \"alice\""));
        let allocation = allotted(&text, EMPTY);
        let room: u32 = allocation.kept.values().map(PortRanges::count).sum();
        (allocation.ports.values().map(PortRanges::count).sum::<u32>(), room)
    };
    // 14 numbers are needed; room is given while half of the pool stays free of it.
    assert_eq!(listeners("20000 20013"), (14, 0));
    assert_eq!(listeners("20000 20063"), (14, 16));
    assert_eq!(listeners("20000 20199"), (14, 68));
}

#[test]
fn a_pin_in_the_room_of_another_moves_nothing() {
    let before = allotted(DENSE, EMPTY);
    let key = |text: &str| text.parse::<Key>().unwrap();
    let room = &before.kept[&key("alice/alice-1/sf")];
    let taken = room.nth(3).unwrap();
    let pinned = DENSE.replace(
        "host \"alice-1\" address=\"10.0.0.1\";",
        &format!("host \"alice-1\" address=\"10.0.0.1\"; pin \"control\" {taken};"),
    );
    let after = allotted(&pinned, &before.lock_text());
    assert_eq!(
        after.moved.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["alice/alice-1/control"]
    );
    let rest = &after.kept[&key("alice/alice-1/sf")];
    assert_eq!(rest.count(), room.count() - 1);
    assert!(room.cover(rest) && !rest.iter().any(|port| port == taken));
    // What the pin has put out of use stays the listener's own, until it is pruned.
    let old = format!(
        "\"alice/alice-1/control.2\" = [{0}, {0}]",
        before.ports[&key("alice/alice-1/control")]
    );
    assert!(after.lock_text().contains(&old), "{}", after.lock_text());
    assert!(!after.pruned_lock_text().contains("control.2"));
}

/// A party with a Ray cluster, planned without room and then with three runs at once.
const WORKERS: &str = r#"topology "t" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray" { python "3.10"; }
ports scope="host" { pool 20000 20055; }
party "alice" {
    host "alice-1" address="10.0.0.1" { ray cpus=2 object-store="1GiB"; }
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="/etc/sfgen/alice/node.key"
}
party "bob" {
    host "bob-1" address="10.0.0.2" { ray cpus=2 object-store="1GiB"; }
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="/etc/sfgen/bob/node.key"
}
spu "spu" protocol="SEMI2K" field="FM128" { parties "alice" "bob"; }
job "task" { parties "alice" "bob"; }
"#;

/// What a topology beside a lock compiles to: the lock, and the tree's files as text.
fn planned(text: &str, lock: &str) -> (String, impl Fn(&str) -> String) {
    let files = MemoryWorkspace::default().with("topology.kdl", text).with("sfgen.lock", lock);
    let done = compile_with(files, Beside::default());
    let messages: Vec<_> = done.findings.iter().map(|finding| &finding.message).collect();
    let output = done.output.unwrap_or_else(|| panic!("{messages:?}"));
    let lock = output.allocation.lock_text();
    let file = move |path: &str| {
        let file = output.tree.get(path).unwrap_or_else(|| panic!("there is no {path}"));
        String::from_utf8(file.bytes.to_vec()).unwrap()
    };
    (lock, file)
}

#[test]
fn what_is_generated_names_both_places_and_opens_what_is_used() {
    let (lock, _) = planned(WORKERS, EMPTY);
    let grown = WORKERS.replace("20055", "20999").replace("job \"task\"", "job \"task\" slots=3");
    let (after, file) = planned(&grown, &lock);
    for line in table(&lock, "[ports]") {
        assert!(after.lines().any(|other| other == line), "{line} moved");
    }
    let host: serde_json::Value = serde_json::from_str(&file("alice/plan.json")).unwrap();
    let host = &host["hosts"]["alice-1"];
    let (sf, room) = (&host["ports"]["sf"], &host["kept"]["sf"]);
    assert_eq!(
        (sf.to_string(), room.to_string()),
        ("[[20001,20001],[20037,20038]]".into(), "[20039,20045]".into())
    );

    let env = file("alice/alice-1/alice.env");
    assert!(env.contains("SF_PORT_RANGE_START=20001\nSF_PORT_RANGE_END=20001\n"), "{env}");
    assert!(env.contains("SF_PORT_RANGES=20001-20001,20037-20038\n"), "{env}");
    let firewall = file("alice/alice-1/firewall.nft");
    for port in ["tcp dport 20001 ", "tcp dport 20037-20038 "] {
        assert!(firewall.contains(port), "{port}: {firewall}");
    }
    let (ports, runbook) = (file("PORTS.md"), file("alice/RUNBOOK.md"));
    for row in ["| 20001 | sf | peers |", "| 20037-20038 | sf | peers |"] {
        assert!(ports.contains(row), "{ports}");
    }
    for text in [&firewall, &ports, &runbook] {
        assert!(!text.contains("20039") && !text.contains("20045"), "room is opened: {text}");
    }
    // Ray takes one range or a list.
    let plan = file("alice/plan.json");
    let list = plan.lines().find(|line| line.contains("--worker-port-list=")).expect("a list");
    assert_eq!(list.matches(',').count(), 2 * 2 + 3 * 8 + 8 - usize::from(!list.ends_with(',')));
    assert!(!plan.contains("--min-worker-port"));
    // Who dials it counts its slots through both places.
    let bob: serde_json::Value = serde_json::from_str(&file("bob/plan.json")).unwrap();
    let link = &bob["links"]["sf"]["alice"];
    assert_eq!(link["first"], 20001);
    assert_eq!(link["more"].to_string(), "[[20037,20038]]");
}
