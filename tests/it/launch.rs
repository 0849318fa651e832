//! `apply`, `run`, `status` and `stop`: real launchers on loopback, with the embedded runtime.

use std::{
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::{
    generated::assert_valid,
    support::{
        launcher::{Launcher, assert_nothing_left, last_error, ports_of},
        workspace::Workspace,
    },
};

fn two_parties() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

#[test]
fn two_launchers_meet_and_run_a_job_and_stop_by_order() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob at 127.0.0.1");
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    alice.wait_for("alice: armed");
    bob.wait_for("bob: armed");

    let status = ws.run(&["status", "--format", "json"]).success();
    assert_valid("status", &status.stdout);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status[0]["party"], "alice");
    assert_eq!(status[0]["peers"]["bob"]["phase"], "armed");
    assert_eq!(status[0]["plan"], status[1]["plan"]);
    for (own, peer) in [(0, "bob"), (1, "alice")] {
        assert_eq!(status[own]["peers"][peer]["trouble"], serde_json::Value::Null);
    }

    for _ in 0..2 {
        let at_alice = Launcher::start(&ws, &["run", "total", "--party", "alice"]);
        let at_bob = Launcher::start(&ws, &["run", "total", "--party", "bob"]);
        for (status, stdout, said) in [at_alice.end(), at_bob.end()] {
            assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
        }
    }

    ws.run(&["stop"]).success();
    assert_eq!(alice.end().0, 0);
    assert_eq!(bob.end().0, 0);
    assert_nothing_left(&ws);
}

#[test]
fn a_run_brings_up_what_is_not_up_and_takes_it_down_again() {
    let ws = two_parties();
    let ran = ws.run(&["run", "total", "--all"]).success();
    assert_eq!(ran.stdout, "sum 42\n");
    assert_nothing_left(&ws);
}

#[test]
fn three_parties_that_come_in_any_order_run_a_job_together() {
    let ws = Workspace::example("two_parties");
    ws.edit("topology.kdl", |text| {
        let carol = r#"party "carol" {
    host "carol-1" address="127.0.0.1"
    identity ca="pki/carol/ca.pem" cert="pki/carol/node.pem" key="keys/carol/node.key"
}
job "all" kind="sum" { parties "alice" "bob" "carol"; input "alice" 1; input "bob" -20; input "carol" 300; }
"#;
        format!("{text}{carol}")
    });
    let ws = ws.with_keys(&["alice", "bob", "carol"]).planned();
    for _ in 0..3 {
        let ran = ws.run(&["run", "all", "--all"]).success();
        assert_eq!(ran.stdout, "sum 281\n", "{}", ran.stderr);
        assert_nothing_left(&ws);
    }
}

#[test]
fn a_party_that_is_up_and_one_that_comes_for_the_job_only_run_it_together() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob");
    let at_alice = Launcher::start(&ws, &["run", "total", "--party", "alice"]);
    ws.run(&["run", "total", "--party", "bob"]).success();
    assert_eq!(at_alice.end().0, 0);
    alice.wait_for("bob's run is over");
    alice.signal(Signal::SIGINT);
    assert_eq!(alice.end().0, 130);
    assert_nothing_left(&ws);
}

#[test]
fn runs_of_one_job_at_the_same_time_get_slots_of_their_own() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]);
    ws.edit("topology.kdl", |text| text.replace("kind=\"sum\"", "kind=\"sum\" slots=3"));
    let ws = ws.planned();
    let mut up = ["alice", "bob"].map(|party| Launcher::start(&ws, &["apply", "--party", party]));
    for launcher in &mut up {
        launcher.wait_for(": armed");
    }
    let runs: Vec<_> = (0..3)
        .flat_map(|_| ["alice", "bob"])
        .map(|party| Launcher::start(&ws, &["run", "total", "--party", party]))
        .collect();
    for run in runs {
        let (status, stdout, said) = run.end();
        assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
    }
    ws.run(&["stop"]).success();
    assert_nothing_left(&ws);
}

#[test]
fn a_party_that_never_comes_is_named_with_its_address_and_the_reason() {
    let ws = two_parties();
    for args in [
        &["run", "total", "--party", "alice", "--wait", "1s"][..],
        &["apply", "--party", "alice", "--wait", "1s"],
    ] {
        let started = Instant::now();
        let ran = ws.run(args).status_is(5);
        assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
        let message = last_error(&ran.stderr);
        for part in ["alice", "bob at 127.0.0.1:", "1s", "refused"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    assert_nothing_left(&ws);
}

#[test]
fn a_peer_that_is_there_and_does_not_ask_for_the_job_is_said_to() {
    let ws = two_parties();
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    bob.wait_for("waiting for alice");
    let ran = ws.run(&["run", "total", "--party", "alice", "--wait", "2s"]).status_is(5);
    assert!(ran.stderr.contains("did not ask for job `total`"), "{}", ran.stderr);
}

#[test]
fn every_file_of_ones_own_copy_of_the_tree_that_was_changed_is_told_before_anything_starts() {
    let ws = two_parties();
    ws.edit("generated/bob/plan.json", |text| text.replace("keys/bob/number", "keys/bob/other"));
    std::fs::remove_file(ws.join("generated/bob/RUNBOOK.md")).unwrap();
    let ran = ws.run(&["run", "total", "--party", "bob"]).status_is(4);
    assert!(ran.stderr.contains("SF0891"), "{}", ran.stderr);
    let all = "bob's copy of the tree is not what manifest.json says: `bob/RUNBOOK.md` is missing, `bob/plan.json` was edited";
    assert!(ran.stderr.contains(all), "every file is told: {}", ran.stderr);
    // What is another party's business does not stop this one.
    let ran = ws.run(&["run", "total", "--party", "alice", "--wait", "1s"]).status_is(5);
    assert!(ran.stderr.contains("waited 1s for bob"), "{}", ran.stderr);
}

#[test]
fn parties_with_different_plans_are_told_at_both_sides_and_start_nothing() {
    let ws = two_parties();
    let other = ws.copy();
    // Bob's plan was made from another topology: another job slot, hence other ports.
    other.edit("topology.kdl", |text| text.replace("kind=\"sum\"", "kind=\"sum\" slots=2"));
    other.run(&["plan"]).success();
    let alice = Launcher::start(&ws, &["run", "total", "--party", "alice", "--wait", "20s"]);
    let bob = Launcher::start(&other, &["run", "total", "--party", "bob", "--wait", "20s"]);
    for (status, stdout, said) in [alice.end(), bob.end()] {
        assert_eq!((status, stdout.as_str()), (5, ""), "{said}");
        let message = last_error(&said);
        assert!(message.contains("alice") && message.contains("bob"), "{message}");
        assert!(message.contains("plan"), "{message}");
    }
    assert_nothing_left(&ws);
}

#[test]
fn a_party_with_another_certificate_than_the_planned_one_is_refused() {
    let ws = two_parties();
    let other = ws.copy();
    std::fs::remove_dir_all(other.join("pki/bob")).unwrap();
    std::fs::remove_dir_all(other.join("keys/bob")).unwrap();
    other.run(&["keys", "new", "--party", "bob"]).success();
    other.write("keys/bob/number", "31");
    let ran = other.run(&["run", "total", "--party", "bob", "--wait", "1s"]).status_is(4);
    assert!(ran.stderr.contains("bob") && ran.stderr.contains("certificate"), "{}", ran.stderr);

    // With a plan of his own that names the new certificate, he meets alice's door, which has the old one.
    other.run(&["plan"]).success();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob");
    let ran = other.run(&["run", "total", "--party", "bob", "--wait", "2s"]).status_is(5);
    assert!(ran.stderr.contains("alice at 127.0.0.1:"), "{}", ran.stderr);
    let refused = alice.wait_for("turned away 127.0.0.1:");
    assert!(refused.contains("certificate"), "{refused}");
}

#[test]
fn a_second_launcher_of_a_party_is_told_which_process_has_its_place() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob");
    let ran = ws.run(&["apply", "--party", "alice"]).status_is(4);
    assert!(ran.stderr.contains("SF0881"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&alice.child.id().to_string()), "{}", ran.stderr);
}

#[test]
fn a_launcher_that_is_killed_is_missed_by_its_peer_and_can_come_back() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    alice.wait_for("alice: armed");
    bob.wait_for("bob: armed");
    bob.signal(Signal::SIGKILL);
    let killed = Instant::now();
    alice.wait_for("alice: bob ");
    assert!(killed.elapsed() < Duration::from_secs(5), "{:?}", killed.elapsed());
    drop(bob);
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    alice.wait_for("met bob");
    bob.wait_for("bob: armed");
    alice.signal(Signal::SIGTERM);
    assert_eq!(alice.end().0, 130);
    bob.wait_for("alice has left: it was interrupted");
    bob.signal(Signal::SIGINT);
    assert_eq!(bob.end().0, 130);
    assert_nothing_left(&ws);
}

#[test]
fn a_port_that_somebody_else_has_is_named_before_anything_starts() {
    let ws = two_parties();
    let port = *ports_of(&ws).iter().min().unwrap();
    let _somebody = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    let ran = ws.run(&["run", "total", "--party", "alice"]).status_is(4);
    assert!(
        ran.stderr.contains("SF0841") && ran.stderr.contains(&port.to_string()),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_job_that_the_plan_does_not_have_is_refused() {
    let ws = two_parties();
    let ran = ws.run(&["run", "psi", "--party", "alice"]).status_is(2);
    assert!(ran.stderr.contains("alice has no job `psi`"), "{}", ran.stderr);
    assert!(!ws.join("run").exists(), "nothing was started");
}

#[test]
fn the_demo_ends_with_the_right_sum_and_leaves_nothing() {
    let ws = Workspace::empty();
    let started = Instant::now();
    let ran = ws.run(&["demo"]).success();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(ran.stdout.lines().last(), Some("sum 42"));
    for step in ["$ sfgen keys new --party alice", "$ sfgen plan", "$ sfgen run total --all"] {
        assert!(ran.stderr.contains(step), "{step}: {}", ran.stderr);
    }
    ws.run(&["demo", "--dir", "kept"]).success();
    assert!(ws.join("kept/generated/PORTS.md").is_file());
    ws.run(&["demo", "--dir", "kept"]).status_is(2);
}
