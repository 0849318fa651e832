//! The real SecretFlow: two Ray clusters or three driver processes on this machine, launched as users launch them.
//!
//! These need Python 3.10, some 3 GB of packages and minutes; `.ci/run` runs them one after the other.

use std::{
    ffi::OsStr,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use procfs::process::Process;

use crate::support::{
    launcher::{Launcher, assert_nothing_left, last_error},
    process::processes_of,
    strangers::{Reception, visit},
    workspace::Workspace,
};

const ALICE_AND_BOB: [&str; 2] = ["alice", "bob"];

/// Jobs beside the example's own.
const MORE: &str = r#"
heu "heu" { sk-keeper "alice"; evaluators "bob"; }
job "hold" script="hold.py" { parties "alice" "bob"; }
job "forbidden" script="forbidden.py" { parties "alice" "bob"; }
job "encrypted" script="encrypted.py" { parties "alice" "bob"; }
"#;

/// The example on two Ray clusters, with more jobs.
fn two_clusters() -> Workspace {
    let ws = Workspace::example("secretflow_loopback");
    ws.edit("topology.kdl", |text| format!("{text}{MORE}"));
    for job in ["hold.py", "forbidden.py", "encrypted.py"] {
        let script =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/jobs").join(job);
        ws.write(job, &std::fs::read_to_string(script).unwrap());
    }
    ws.with_keys(&ALICE_AND_BOB).planned()
}

fn up(ws: &Workspace) -> [Launcher; 2] {
    let mut launchers =
        ALICE_AND_BOB.map(|party| Launcher::start(ws, &["apply", "--party", party]));
    for launcher in &mut launchers {
        launcher.wait_for(": armed");
    }
    launchers
}

fn down(ws: &Workspace, launchers: [Launcher; 2]) {
    ws.run(&["stop"]).success();
    for launcher in launchers {
        let (status, _, said) = launcher.end();
        assert_eq!(status, 0, "{said}");
    }
    assert!(processes_of(ws).is_empty(), "{:?}", processes_of(ws));
    assert_nothing_left(ws);
}

/// The driver process of a party's job, as soon as its guard has started it.
fn driver(ws: &Workspace, party: &str, script: &str) -> Pid {
    let started = Instant::now();
    let is_driver = |(pid, command): &(i32, String)| {
        let environment = Process::new(*pid).and_then(|process| process.environ());
        let whose = environment.ok().and_then(|env| env.get(OsStr::new("SFGEN_PARTY")).cloned());
        let is_program = command.contains("python") && !command.contains("__guard");
        whose.is_some_and(|whose| whose == party) && is_program && command.contains(script)
    };
    loop {
        if let Some((pid, _)) = processes_of(ws).into_iter().find(is_driver) {
            return Pid::from_raw(pid);
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{party} has no {script}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn port(ws: &Workspace, key: &str, slot: u16) -> u16 {
    let lock = ws.read("sfgen.lock");
    let line = lock.lines().find_map(|line| line.strip_prefix(&format!("\"{key}\" = [")));
    line.unwrap().split_once(',').unwrap().0.parse::<u16>().unwrap() + slot
}

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn the_example_on_two_ray_clusters_ends_with_the_sum() {
    let ws = Workspace::example("secretflow_loopback").with_keys(&ALICE_AND_BOB).planned();
    let ran = ws.run(&["run", "secure-sum", "--all"]).success();
    assert_eq!(ran.stdout.lines().last(), Some("sum [11. 22.]"), "{}", ran.stderr);
    assert_nothing_left(&ws);
    assert!(processes_of(&ws).is_empty(), "{:?}", processes_of(&ws));
}

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn the_example_with_three_parties_on_the_threads_engine_ends_with_the_sum() {
    let parties = ["alice", "bob", "carol"];
    let ws = Workspace::example("secretflow_threads").with_keys(&parties);
    let planned = ws.run(&["plan"]).success();
    assert!(planned.stderr.contains("SF0530"), "plan says that TLS is off: {}", planned.stderr);
    let ran = ws.run(&["run", "secure-sum", "--all"]).success();
    assert_eq!(ran.stdout.lines().last(), Some("sum [111. 222.]"), "{}", ran.stderr);
    assert_nothing_left(&ws);
}

/// Two parties by names that are no DNS labels, and devices with settings of their own.
const TUNED: &str = r#"
topology "tuned" mode="production"
tls "off" because="the threads engine has no working TLS; every address here is loopback"
runtime "secretflow" version="1.13.0b0" engine="threads" { python "3.10"; }
party "alice" as="Alice_1" {
    host "alice-1" address="127.0.0.1"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice/node.key"
}
party "bob" as="bob.2" {
    host "bob-1" address="127.0.0.1"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob/node.key"
}
spu "spu" field="FM64" {
    parties "alice" "bob"
    runtime-config fxp-fraction-bits=20 sigmoid-mode="SIGMOID_REAL"
    link brpc-channel-protocol="http"
}
heu "heu" scheme="ou" { sk-keeper "alice"; evaluators "bob"; }
job "settings" script="settings.py" { parties "alice" "bob"; }
"#;

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn settings_of_devices_and_names_of_parties_are_honoured() {
    let ws = Workspace::empty();
    ws.write("topology.kdl", &format!("{TUNED}{}\n", ws.ports.node()));
    ws.write("settings.py", include_str!("jobs/settings.py"));
    let ws = ws.with_keys(&ALICE_AND_BOB).planned();
    let ran = ws.run(&["run", "settings", "--all"]).success();
    let said: Vec<&str> = ran.stdout.lines().rev().take(3).collect();
    let scale = format!("heu {} [[1.0, 2.0]]", 1 << 20);
    let wanted = ["sum [11. 22.]", scale.as_str(), "spu 20 SIGMOID_REAL FM64"];
    assert_eq!(said, wanted, "{}", ran.stderr);
    assert_nothing_left(&ws);
}

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn every_link_between_parties_refuses_whoever_is_no_peer() {
    let ws = two_clusters();
    let launchers = up(&ws);
    let runs = ALICE_AND_BOB.map(|party| Launcher::start(&ws, &["run", "hold", "--party", party]));
    let mut stdout = Vec::new();
    let started = Instant::now();
    // The job says its sum on stdout when all of its links are up.
    while !ALICE_AND_BOB.iter().all(|party| ws.log_contains(party, "job-hold-", "sum [11. 22.]")) {
        assert!(started.elapsed() < Duration::from_mins(2), "the job does not come up");
        std::thread::sleep(Duration::from_millis(100));
    }
    for party in ALICE_AND_BOB {
        for role in ["control", "sf", "spu"] {
            let port = port(&ws, &format!("{party}/{party}-1/{role}"), 0);
            for (who, reception) in visit(port) {
                assert_eq!(reception, Reception::Refused, "{role} of {party} for a client {who}");
            }
        }
    }
    ws.write("release", "");
    for run in runs {
        let (status, out, said) = run.end();
        assert_eq!(status, 0, "{said}");
        stdout.push(out);
    }
    assert_eq!(stdout, ["sum [11. 22.]\n", "sum [11. 22.]\n"]);
    down(&ws, launchers);
}

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn jobs_run_under_the_strict_list_and_a_type_outside_it_ends_both_with_the_line_to_add() {
    let ws = two_clusters();
    let launchers = up(&ws);
    let encrypted = ws.run(&["run", "encrypted", "--all"]).success();
    assert_eq!(encrypted.stdout.lines().last(), Some("encrypted [[11.0, 22.0]]"));
    let runs =
        ALICE_AND_BOB.map(|party| Launcher::start(&ws, &["run", "forbidden", "--party", party]));
    for run in runs {
        let (status, out, said) = run.end();
        assert_eq!((status, out.as_str()), (5, ""), "{said}");
        let message = last_error(&said);
        for part in ["decimal.Decimal", r#"allow-deserialize "decimal" "Decimal""#] {
            assert!(message.contains(part), "{part}: {said}");
        }
    }
    down(&ws, launchers);
}

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn a_killed_job_ends_its_peers_within_5_seconds_and_a_killed_launcher_leaves_nothing() {
    let ws = two_clusters();
    let mut launchers = up(&ws);
    let mut runs =
        ALICE_AND_BOB.map(|party| Launcher::start(&ws, &["run", "hold", "--party", party]));
    for run in &mut runs {
        run.wait_for("starts in slot");
    }
    kill(driver(&ws, "bob", "hold.py"), Signal::SIGKILL).unwrap();
    let killed = Instant::now();
    let [alice, bob] = runs;
    let (status, _, said) = alice.end();
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    assert_eq!(status, 5, "{said}");
    let message = last_error(&said);
    assert!(message.contains("bob: its job was ended by SIGKILL"), "{message}");
    assert_eq!(bob.end().0, 5);

    // The same slot serves the next run.
    ws.write("release", "");
    let again = ws.run(&["run", "hold", "--all"]).success();
    assert_eq!(again.stdout, "sum [11. 22.]\n", "{}", again.stderr);

    launchers[1].signal(Signal::SIGKILL);
    let killed = Instant::now();
    launchers[0].wait_for("alice: bob ");
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    let bobs = || {
        processes_of(&ws)
            .into_iter()
            .filter(|(_, command)| command.contains(&ws.run_folder("bob")))
            .count()
    };
    while bobs() > 0 {
        assert!(killed.elapsed() < Duration::from_secs(30), "{:?}", processes_of(&ws));
        std::thread::sleep(Duration::from_millis(100));
    }
    launchers[0].signal(Signal::SIGTERM);
    let [alice, bob] = launchers;
    assert_eq!(alice.end().0, 130);
    drop(bob);
    assert!(processes_of(&ws).is_empty(), "{:?}", processes_of(&ws));
}

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn parties_with_different_scripts_are_told_at_both_sides_and_start_nothing() {
    let ws = Workspace::example("secretflow_threads").with_keys(&["alice", "bob", "carol"]);
    ws.edit("topology.kdl", |text| {
        format!("{text}\njob \"pair\" script=\"pair.py\" {{ parties \"alice\" \"bob\"; }}\n")
    });
    ws.write("pair.py", "print('alike')\n");
    let ws = ws.planned();
    let other = ws.copy();
    other.write("pair.py", "print('different')\n");
    let alice = Launcher::start(&ws, &["run", "pair", "--party", "alice", "--wait", "30s"]);
    let bob = Launcher::start(&other, &["run", "pair", "--party", "bob", "--wait", "30s"]);
    for (status, out, said) in [alice.end(), bob.end()] {
        assert_eq!((status, out.as_str()), (5, ""), "{said}");
        let message = last_error(&said);
        for part in ["alice", "bob", "script"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}
