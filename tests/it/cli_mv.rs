//! `sfgen mv`: names change in topology and lock, numbers do not.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use camino::Utf8Path;
use insta::assert_snapshot;
use proptest::prelude::*;
use sfgen::{
    diag::Findings,
    rename::{self, Pair},
    syntax::{self, MemoryWorkspace},
};

use crate::{
    support::{
        toml::toml_of,
        workspace::{Ran, Workspace},
    },
    toml::topology,
};

const TOPOLOGY: &str = r##"// alice computes with bob
topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray"
include "parties/*.kdl" "more.toml"
spu "alice" { parties alice "bob"; } // not the party
heu "heu" { sk-keeper "alice"; evaluators #"bob"#; }
job "compute" { parties "bob" "alice" "carol"; }
"##;

const ALICE: &str = r#"party "alice" {
    host "box" address="127.0.0.1" // alice's box
    host "alice-2" address="127.0.0.1"
    pin "redis" 21000
    pin "redis" 21001 host="alice-2"
    service "redis" {
        command "redis-server" "--port" "{port.redis}" "--{{port.redis}}" "{party}"
        env URL="redis://127.0.0.1:{port.redis}/0"
        port "redis"
        ready tcp="redis"
    }
    service "other" host="alice-2" {
        command "redis-server" "{port.redis}"
        port redis
    }
}
"#;

const BOB: &str = "party \"bob\" { host \"box\"; host \"bob-2\" address=\"127.0.0.1\"; }\n";

const CAROL: &str = r#"[party.carol]
deploy = "process"

[party."carol".host.carol-1] # carol
address = "127.0.0.1"
pin = "x"
"#;

fn workspace() -> Workspace {
    let ws = Workspace::empty();
    ws.write("topology.kdl", TOPOLOGY);
    ws.write("parties/alice.kdl", ALICE);
    ws.write("parties/bob.kdl", BOB);
    ws.write("more.toml", &CAROL.replace("pin = \"x\"\n", ""));
    ws.run(&["plan"]).success();
    ws
}

/// The numbers of the lock by their keys.
fn lock(ws: &Workspace) -> BTreeMap<String, String> {
    let text = ws.read("sfgen.lock");
    let lines = text.lines().filter_map(|line| line.split_once(" = ["));
    lines.map(|(key, numbers)| (key.to_owned(), numbers.to_owned())).collect()
}

/// Renames, plans, and makes sure that only names are different.
#[track_caller]
fn assert_renamed(ws: &Workspace, old: &str, new: &str, key: impl Fn(&str) -> String) -> Ran {
    let wanted: BTreeMap<_, _> =
        lock(ws).into_iter().map(|(old, numbers)| (key(&old), numbers)).collect();
    let ran = ws.run(&["mv", old, new]).success();
    assert_eq!(lock(ws), wanted);
    let planned = ws.run(&["plan"]).success();
    assert!(!planned.stdout.contains("moves"), "{}", planned.stdout);
    assert_eq!(lock(ws), wanted, "the plan leaves the lock as it is");
    ran
}

/// Refuses, and leaves every file as it was.
#[track_caller]
fn refused(ws: &Workspace, args: &[&str]) -> String {
    let before = ws.files("");
    let ran = ws.run(&[&["mv"], args].concat()).status_is(1);
    assert!(ran.stdout.is_empty());
    assert_eq!(ws.files(""), before);
    // Help is wrapped at the width of the terminal.
    ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_party_is_renamed_wherever_it_is_named_and_nowhere_else() {
    let ws = workspace();
    let ran = assert_renamed(&ws, "alice", "zoe", |key| key.replace("\"alice/", "\"zoe/"));
    let topology: Vec<_> = ran.stdout.lines().filter(|line| !line.contains("lock")).collect();
    assert_snapshot!(topology.join("\n"), @r##"
    ~ topology.kdl:5: spu "alice" { parties zoe "bob"; } // not the party
    ~ topology.kdl:6: heu "heu" { sk-keeper "zoe"; evaluators #"bob"#; }
    ~ topology.kdl:7: job "compute" { parties "bob" "zoe" "carol"; }
    ~ parties/alice.kdl:1: party "zoe" {
    "##);
    assert_eq!(ws.read("parties/alice.kdl"), ALICE.replace("party \"alice\"", "party \"zoe\""));
    assert!(!ws.join("generated/alice").exists() && ws.join("generated/zoe/plan.json").exists());
}

#[test]
fn a_machine_is_renamed_for_everybody_who_is_on_it() {
    let ws = workspace();
    assert_renamed(&ws, "bob/box", "bob/gpu", |key| key.replace("/box/", "/gpu/"));
    assert!(ws.read("parties/alice.kdl").contains("host \"gpu\" address"));
    let taken = refused(&ws, &["bob/bob-2", "bob/alice-2"]);
    assert!(taken.contains("SF0609") && taken.contains("declared here"), "{taken}");
}

#[test]
fn a_port_is_renamed_on_its_host_alone() {
    let ws = workspace();
    assert_renamed(&ws, "alice/box/redis", "alice/box/cache", |key| {
        key.replace("alice/box/redis", "alice/box/cache")
    });
    let wanted = ALICE
        .replace("pin \"redis\" 21000\n", "pin \"cache\" 21000\n")
        .replace("\"{port.redis}\" \"--{{", "\"{port.cache}\" \"--{{")
        .replace(":{port.redis}/0", ":{port.cache}/0")
        .replace("port \"redis\"", "port \"cache\"")
        .replace("tcp=\"redis\"", "tcp=\"cache\"");
    assert_eq!(ws.read("parties/alice.kdl"), wanted);
    assert_renamed(&ws, "alice/alice-2/redis", "alice/alice-2/1st", |key| {
        key.replace("alice/alice-2/redis", "alice/alice-2/1st")
    });
    let text = ws.read("parties/alice.kdl");
    assert!(text.contains("port \"1st\"\n"), "a bare word that KDL takes for a number: {text}");
    assert!(text.contains("pin \"1st\" 21001 host"), "{text}");
}

#[test]
fn every_key_of_a_toml_file_is_renamed_in_its_quotes() {
    let ws = workspace();
    ws.run(&["mv", "carol", "dora"]).success();
    ws.run(&["mv", "dora/carol-1", "dora/dora-1"]).success();
    let wanted = CAROL
        .replace("[party.carol]", "[party.dora]")
        .replace("\"carol\".host.carol-1", "\"dora\".host.dora-1");
    assert_eq!(ws.read("more.toml"), wanted.replace("pin = \"x\"\n", ""));
    ws.run(&["plan", "--locked"]).success();
}

#[test]
fn quotes_links_and_modes_stay_as_they_are() {
    let ws = workspace();
    fs::rename(ws.join("parties/bob.kdl"), ws.join("bob-really.txt")).unwrap();
    std::os::unix::fs::symlink("../bob-really.txt", ws.join("parties/bob.kdl")).unwrap();
    fs::set_permissions(ws.join("bob-really.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    ws.edit("topology.kdl", |text| text.replace("parties \"bob\"", "parties \"b\\u{6f}b\""));
    ws.run(&["mv", "bob", "true"]).success();
    let text = ws.read("topology.kdl");
    assert!(
        text.contains("evaluators #\"true\"#") && text.contains("parties alice \"true\""),
        "{text}"
    );
    assert!(text.contains("parties \"true\" \"alice\""), "an escape hid the name: {text}");
    assert!(ws.join("parties/bob.kdl").is_symlink());
    assert!(ws.read("bob-really.txt").starts_with("party \"true\""));
    assert_eq!(
        fs::metadata(ws.join("bob-really.txt")).unwrap().permissions().mode() & 0o777,
        0o640
    );
    ws.run(&["mv", "alice", "true-ish"]).success();
    assert!(ws.read("topology.kdl").contains("parties true-ish \"true\""));
    ws.run(&["mv", "true-ish", "null"]).success();
    assert!(ws.read("topology.kdl").contains("parties \"null\" \"true\""));
    ws.run(&["plan", "--locked"]).success();
}

#[test]
fn a_dry_run_prints_the_same_and_writes_nothing() {
    let ws = workspace();
    let before = ws.files("");
    let dry = ws.run(&["mv", "carol/carol-1", "carol/c", "--dry-run"]).success();
    assert_eq!(ws.files(""), before);
    let real = ws.run(&["mv", "carol/carol-1", "carol/c"]).success();
    assert_eq!(dry.stdout, real.stdout);
    assert!(
        dry.stdout.starts_with("~ more.toml:4: [party.\"carol\".host.c] # carol\n~ sfgen.lock:")
    );
}

#[test]
fn what_is_renamed_in_the_topology_already_is_renamed_in_the_lock() {
    let ws = workspace();
    let numbers = lock(&ws).len();
    ws.edit("parties/alice.kdl", |text| text.replace("party \"alice\"", "party \"zoe\""));
    // `mv` has to find the other places.
    ws.run(&["mv", "alice", "zoe"]).success();
    assert_eq!(lock(&ws).len(), numbers);
    ws.run(&["plan", "--locked"]).success();
    let again = refused(&ws, &["alice", "zoe"]);
    assert!(again.contains("SF0608") && again.contains("there is no party `alice`"), "{again}");
    // The lock alone.
    ws.edit("parties/alice.kdl", |text| text.replace("\"box\"", "\"gpu\""));
    ws.edit("parties/bob.kdl", |text| text.replace("\"box\"", "\"gpu\""));
    let topology = ws.files("parties");
    ws.run(&["mv", "bob/box", "bob/gpu"]).success();
    assert_eq!(ws.files("parties"), topology);
    ws.run(&["plan", "--locked"]).success();
}

#[test]
fn names_that_only_the_lock_knows_are_told_from_those_that_are_planned_already() {
    let ws = workspace();
    let lock = ws.read("sfgen.lock");
    ws.edit("sfgen.lock", |text| format!("{text}\"gone/gone-1/sf\" = [31000, 31000]\n"));
    let stderr = refused(&ws, &["gone", "zoe"]);
    assert!(stderr.contains("there is no party `zoe`"), "{stderr}");
    assert!(stderr.contains("the lock alone knows party `gone`"), "{stderr}");
    let slip = refused(&ws, &["gone", "alicia"]);
    assert!(slip.contains("did you mean `alice`?"), "{slip}");
    ws.write("sfgen.lock", &lock);
    for file in ["topology.kdl", "parties/alice.kdl"] {
        ws.edit(file, |text| text.replace("alice", "zoe"));
    }
    ws.run(&["plan"]).success();
    let planned = refused(&ws, &["alice", "zoe"]);
    assert!(planned.contains("SF0609") && planned.contains("rename before you plan"), "{planned}");
    ws.write("sfgen.lock", &lock);
    ws.run(&["mv", "alice", "zoe"]).success();
}

#[test]
fn nothing_is_written_where_anything_is_wrong() {
    let ws = workspace();
    for (args, code, words) in [
        (["alcie", "zoe"], "SF0608", "did you mean `alice`?"),
        (["alice/boxx", "alice/gpu"], "SF0608", "did you mean `alice/box`?"),
        (["carol/box", "carol/gpu"], "SF0608", "there is no host `box` of `carol`"),
        (["alice/box/rdis", "alice/box/cache"], "SF0608", "did you mean `alice/box/redis`?"),
        (["alice", "bob"], "SF0609", "there is party `bob` already"),
        (["alice", "Zoe"], "SF0610", "not 'Z'"),
        (["alice", "alice"], "SF0610", "both names are the same"),
        (["alice/box", "bob/gpu"], "SF0610", "`alice/NAME`"),
        (["alice", "alice/box"], "SF0610", "a party becomes a party"),
        (["alice/box/sf", "alice/box/sg"], "SF0610", "that sfgen itself plans"),
        (["alice/box/redis", "alice/box/ray.gcs"], "SF0610", "that sfgen itself plans"),
    ] {
        let stderr = refused(&ws, &args);
        assert!(stderr.starts_with(code) && stderr.contains(words), "{args:?}: {stderr}");
    }
    let lock = ws.read("sfgen.lock");
    ws.edit("sfgen.lock", |text| format!("{text}\"zoe/box/sf\" = [31000, 31000]\n"));
    assert!(refused(&ws, &["alice", "zoe"]).contains("the ports of zoe/box/sf"));
    ws.edit("sfgen.lock", |text| text.replace("version", "<<<<<<< x\nversion"));
    assert!(refused(&ws, &["alice", "zoe"]).contains("SF0604"));
    fs::remove_file(ws.join("sfgen.lock")).unwrap();
    assert!(refused(&ws, &["alice", "zoe"]).contains("SF0607"));
    ws.write("sfgen.lock", &lock);
    ws.edit("parties/bob.kdl", |text| format!("{text}}}"));
    assert!(refused(&ws, &["alice", "zoe"]).contains("SF0001"));
}

#[test]
fn a_text_that_several_parties_share_is_left_to_people() {
    let ws = workspace();
    ws.edit("topology.kdl", |text| {
        text.replace("carol\"; }", "carol\"; args \"{port.redis}\"; }")
            .replace("\"compute\"", "\"compute\" script=\"x.py\"")
    });
    let stderr = refused(&ws, &["alice/box/redis", "alice/box/cache"]);
    assert!(stderr.contains("SF0611") && stderr.contains("x.py"), "{stderr}");
    ws.run(&["mv", "alice/alice-2/redis", "alice/alice-2/cache"]).success();
}

#[test]
fn a_party_runs_under_its_new_name_with_the_certificate_it_has() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned();
    ws.run(&["mv", "alice", "zoe"]).success();
    ws.run(&["plan"]).success();
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum 42\n");
}

/// The text of a topology of one file with another name, as a library call.
fn renamed(file: &str, text: &str, old: &str, new: &str) -> Option<String> {
    let files = MemoryWorkspace::default().with(file, text);
    let mut loaded = syntax::load(&files, Utf8Path::new(file), &mut Findings::default());
    let pair = Pair::new(old, new, &mut loaded.sources);
    let input = rename::Input { loaded: &loaded, lock: None, pair: &pair };
    let mut made = rename::rename(input).ok()?;
    made.files.pop().map(|file| file.text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_and_back_is_the_same_text(kdl in topology()) {
        let files = MemoryWorkspace::default().with("t.kdl", kdl.as_str());
        let mut findings = Findings::default();
        let loaded = syntax::load(&files, Utf8Path::new("t.kdl"), &mut findings);
        prop_assume!(!findings.iter().any(|finding| finding.code.0 == "SF0004"));
        let mentions = syntax::mentions(&loaded);
        let names = mentions.iter().filter(|place| place.declares("party") || place.declares("host"));
        for place in names {
            let name = |name: &str| match place.inside("party") {
                Some(party) if place.declares("host") => format!("{party}/{name}"),
                _ => name.to_owned(),
            };
            let (old, new) = (name(&place.value), name("new-name"));
            for (file, text) in [("t.kdl", kdl.clone()), ("t.toml", toml_of(&loaded.nodes))] {
                let there = renamed(file, &text, &old, &new).unwrap();
                prop_assert_ne!(&there, &text);
                prop_assert_eq!(renamed(file, &there, &new, &old).unwrap(), text);
            }
        }
    }
}
