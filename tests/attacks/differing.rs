//! A listed party that does not agree with the others, or claims a say in what it takes no part in.

use std::time::{Duration, Instant};

use crate::support::launcher::last_error;

use super::{
    false_peer::{FalsePeer, pb, snapshot},
    honest::Honest,
};

/// Bob says this to alice; a run of alice and carol ends well meanwhile, and one that needs bob fails at once.
#[track_caller]
fn alice_goes_on(code: &str, sentence: &str, change: impl FnOnce(&mut pb::Facts)) {
    let mut honest = Honest::start();
    let bob = FalsePeer::call(&honest.ws, honest.target());
    let mut said = snapshot(&honest.ws);
    change(said.facts.as_mut().unwrap());
    assert!(bob.say(said.clone()));
    let line = honest.alice.wait_for("bob differs: ");
    assert!(line.contains(sentence), "{line}");

    honest.run();
    // Without a further snapshot within 3 s, bob would only be gone.
    assert!(bob.say(said), "alice still listens to bob");
    let since = Instant::now();
    let ran = honest.ws.run(&["run", "all", "--party", "alice", "--wait", "60s"]).status_is(5);
    let error = last_error(&ran.stderr);
    assert!(error.starts_with(code) && error.contains(sentence), "{error}");
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    honest.run();
}

/// Attack: a listed party whose clock is 31 s ahead. Load: its snapshots.
/// Outcome: requests that need it fail with SF0825; alice's launcher and her runs with carol go on.
#[test]
fn a_peer_with_another_clock_ends_only_what_it_takes_part_in() {
    alice_goes_on("SF0825", "the clock of bob is 3", |facts| facts.clock_millis += 35_000);
}

/// Attack: a listed party with another plan. Load: its snapshots.
/// Outcome: requests that need it fail with SF0820; alice's launcher and her runs with carol go on.
#[test]
fn a_peer_with_another_plan_ends_only_what_it_takes_part_in() {
    alice_goes_on("SF0820", "bob runs plan 00000000", |facts| facts.plan = vec![0; 32]);
}

/// Attack: a listed party with another release of sfgen. Load: its snapshots.
/// Outcome: requests that need it fail with SF0822; alice's launcher and her runs with carol go on.
#[test]
fn a_peer_with_another_release_ends_only_what_it_takes_part_in() {
    alice_goes_on("SF0822", "bob runs sfgen 9.9.9", |facts| facts.sfgen = "9.9.9".to_owned());
}

/// Attack: a listed party that shows entries for a job of two others, as matched, done and failed.
/// Load: three entries in each of its snapshots.
/// Outcome: no run begins or ends by it, and the two run the job.
#[test]
fn a_party_has_no_say_in_a_run_of_two_others() {
    let honest = Honest::start();
    let bob = FalsePeer::call(&honest.ws, honest.target());
    let seats = ["alice", "carol"]
        .map(|party| pb::Seat { party: party.to_owned(), ticket: vec![7; 16] })
        .to_vec();
    let run = pb::Match { seats, slot: 0 };
    let failed = pb::Failed { r#match: Some(run.clone()), cause: "bob: no".to_owned() };
    let states = [
        pb::job_entry::State::Running(run.clone()),
        pb::job_entry::State::Done(run),
        pb::job_entry::State::Failed(failed),
    ];
    let entry = |state| pb::JobEntry {
        job: "pair".to_owned(),
        ticket: vec![7; 16],
        state: Some(state),
        ..pb::JobEntry::default()
    };
    let jobs = states.map(entry).to_vec();
    for _ in 0..2 {
        assert!(bob.say(pb::Snapshot { jobs: jobs.clone(), ..snapshot(&honest.ws) }));
        honest.run();
    }
    let shown = honest.ws.run(&["status", "--format", "json"]).success();
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown[0]["jobs"], serde_json::json!([]), "nothing of bob's is a run of alice");
}
