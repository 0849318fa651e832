//! Each rule as a sentence; [`interleavings`] tries them in any order.

mod interleavings;

use super::*;

fn party(name: &str) -> PartyName {
    name.parse().unwrap()
}

fn ticket(n: u8) -> Ticket {
    Ticket::from([n; 16])
}

fn lockstep(me: &str, parties: &[&str], slots: u16) -> Lockstep {
    let rule = JobRule { parties: parties.iter().map(|name| party(name)).collect(), slots };
    Lockstep::new(party(me), slots, [("psi".parse().unwrap(), rule)].into())
}

fn request(lockstep: &mut Lockstep, n: u8) {
    lockstep.request("psi".parse().unwrap(), ticket(n), Some(Digest::of(b"script"))).unwrap();
}

/// One step of `me` with the peers as they are now.
fn step(me: &mut Lockstep, peers: &[&Lockstep]) -> Vec<RunAction> {
    let shown: Vec<_> = peers.iter().map(|peer| (peer.me.clone(), peer.entries())).collect();
    let view = shown.iter().map(|(who, entries)| (who.clone(), PeerView::Present(entries)));
    me.step(&view.collect())
}

fn step_alone(me: &mut Lockstep, gone: &str) -> Vec<RunAction> {
    me.step(&[(party(gone), PeerView::Absent("said nothing for 3 s"))].into())
}

fn cause(lockstep: &Lockstep) -> String {
    match &lockstep.entries()[0].state {
        JobState::Failed { cause, .. } => cause.clone(),
        other => panic!("{other:?}"),
    }
}

fn state(lockstep: &Lockstep) -> &'static str {
    match lockstep.entries()[0].state {
        JobState::Waiting => "waiting",
        JobState::Armed(_) => "armed",
        JobState::Running(_) => "running",
        JobState::Done(_) => "done",
        JobState::Failed { .. } => "failed",
    }
}

/// Alice (who leads) and bob, each with one request.
fn pair() -> (Lockstep, Lockstep) {
    let both = ["alice", "bob"];
    let (mut alice, mut bob) = (lockstep("alice", &both, 1), lockstep("bob", &both, 1));
    request(&mut alice, 1);
    request(&mut bob, 2);
    (alice, bob)
}

/// The same, running.
fn running() -> (Lockstep, Lockstep) {
    let (mut alice, mut bob) = pair();
    step(&mut alice, &[&bob]);
    step(&mut bob, &[&alice]);
    step(&mut alice, &[&bob]);
    assert_eq!((state(&alice), state(&bob)), ("running", "running"));
    (alice, bob)
}

#[test]
fn the_first_name_matches_and_the_others_follow() {
    let (mut alice, mut bob) = pair();
    assert_eq!(step(&mut bob, &[&alice]), [], "bob does not lead");
    assert_eq!(state(&bob), "waiting");
    assert_eq!(step(&mut alice, &[&bob]), []);
    assert_eq!(state(&alice), "armed");
    let started = step(&mut bob, &[&alice]);
    let [RunAction::Start { ticket: own, run, slots, .. }] = started.as_slice() else {
        panic!("{started:?}")
    };
    assert_eq!((*own, slots.len(), state(&bob)), (ticket(2), 2, "running"));
    let started = step(&mut alice, &[&bob]);
    assert!(matches!(&started[..], [RunAction::Start { run: same, .. }] if same == run));
}

#[test]
fn a_run_is_named_by_its_sorted_tickets() {
    let tickets = [(party("alice"), ticket(2)), (party("bob"), ticket(1))].into();
    let swapped = [(party("alice"), ticket(1)), (party("bob"), ticket(2))].into();
    let run = RunId::of(&tickets);
    assert_eq!(run, RunId::of(&swapped));
    assert_eq!(run.to_string().parse(), Ok(run));
    assert!("0123".parse::<RunId>().is_err());
}

#[test]
fn a_run_that_ended_well_everywhere_is_settled_and_forgotten() {
    let (mut alice, mut bob) = running();
    bob.ended(ticket(2), Ok(()));
    assert_eq!(step(&mut bob, &[&alice]), []);
    alice.ended(ticket(1), Ok(()));
    let settled = step(&mut alice, &[&bob]);
    let ends = [(party("alice"), PartyEnd::Done), (party("bob"), PartyEnd::Done)].into();
    let job = "psi".parse().unwrap();
    assert_eq!(settled, [RunAction::Settled { job, ticket: ticket(1), ends }]);
    assert!(matches!(step(&mut bob, &[&alice])[..], [RunAction::Settled { .. }]));
    step(&mut alice, &[&bob]);
    step(&mut bob, &[&alice]);
    assert_eq!((alice.entries().len(), bob.entries().len()), (0, 0));
}

#[test]
fn a_process_that_fails_ends_the_run_at_the_peer_with_its_cause() {
    let (mut alice, mut bob) = running();
    bob.ended(ticket(2), Err("psi.py ended with status 1".into()));
    step(&mut bob, &[&alice]);
    let wanted = "bob: psi.py ended with status 1".to_owned();
    let actions = step(&mut alice, &[&bob]);
    assert_eq!(actions[0], RunAction::Abort { ticket: ticket(1), cause: wanted.clone() });
    assert_eq!(cause(&alice), wanted);
}

#[test]
fn a_launcher_that_is_gone_ends_the_run_with_a_cause_that_names_it() {
    let (mut alice, _) = running();
    let actions = step_alone(&mut alice, "bob");
    assert!(matches!(actions[0], RunAction::Abort { .. }));
    assert_eq!(cause(&alice), "bob said nothing for 3 s");
}

#[test]
fn a_peer_that_forgot_a_running_run_ends_it() {
    let (mut alice, _) = running();
    let restarted = lockstep("bob", &["alice", "bob"], 1);
    assert!(matches!(step(&mut alice, &[&restarted])[0], RunAction::Abort { .. }));
    assert_eq!(cause(&alice), "bob no longer knows the run");
}

#[test]
fn a_request_taken_back_before_the_start_lets_the_other_wait_on() {
    let (mut alice, mut bob) = pair();
    step(&mut alice, &[&bob]);
    assert_eq!(state(&alice), "armed");
    bob.withdraw(ticket(2), "Ctrl-C");
    let settled = step(&mut bob, &[]);
    assert!(matches!(settled[..], [RunAction::Settled { .. }]));
    step(&mut alice, &[&bob]);
    assert_eq!(state(&alice), "waiting");
    request(&mut bob, 3);
    step(&mut alice, &[&bob]);
    assert_eq!(state(&alice), "armed", "with bob's next request");
}

#[test]
fn a_wish_waits_for_a_peer_that_is_away() {
    let (mut alice, _) = pair();
    assert_eq!(step_alone(&mut alice, "bob"), []);
    assert_eq!(alice.step(&BTreeMap::new()), []);
    assert_eq!(state(&alice), "waiting");
}

#[test]
fn different_scripts_fail_at_both_sides_with_one_sentence() {
    let both = ["alice", "bob"];
    let (mut alice, mut bob) = (lockstep("alice", &both, 1), lockstep("bob", &both, 1));
    alice.request("psi".parse().unwrap(), ticket(1), Some(Digest::of(b"new"))).unwrap();
    bob.request("psi".parse().unwrap(), ticket(2), Some(Digest::of(b"old"))).unwrap();
    step(&mut alice, &[&bob]);
    step(&mut bob, &[&alice]);
    let [new, old] = [&b"new"[..], b"old"].map(|text| Digest::of(text).short());
    let wanted = format!("job `psi`: alice has script {new}..., bob has script {old}...");
    assert_eq!((cause(&alice), cause(&bob)), (wanted.clone(), wanted));
}

#[test]
fn a_peer_outside_the_job_cannot_end_its_runs() {
    let (mut alice, _) = pair();
    let tickets = [(party("alice"), ticket(1)), (party("bob"), ticket(2))].into();
    let matched = Some(Match { tickets, slot: 0 });
    let state = JobState::Failed { matched, cause: "carol: no".into() };
    let job = "psi".parse().unwrap();
    let entry = JobEntry { job, ticket: ticket(9), script: None, state, heard: BTreeSet::new() };
    alice.step(&[(party("carol"), PeerView::Present(&[entry]))].into());
    assert_eq!(alice.entries()[0].state, JobState::Waiting);
}

#[test]
fn a_slot_is_free_again_only_when_its_process_is_gone() {
    let (mut alice, mut bob) = running();
    alice.withdraw(ticket(1), "Ctrl-C");
    request(&mut alice, 3);
    request(&mut bob, 4);
    step(&mut bob, &[&alice]);
    bob.ended(ticket(2), Err("killed".into()));
    step(&mut bob, &[&alice]);
    step(&mut alice, &[&bob]);
    let waits = |lockstep: &Lockstep| lockstep.entries().last().unwrap().state == JobState::Waiting;
    assert!(waits(&alice), "the aborted process still holds the only slot");
    alice.ended(ticket(1), Err("killed".into()));
    step(&mut alice, &[&bob]);
    assert!(!waits(&alice));
}

#[test]
fn a_job_that_the_plan_does_not_have_is_refused() {
    let mut alice = lockstep("alice", &["alice", "bob"], 1);
    let why = alice.request("train".parse().unwrap(), ticket(1), None).unwrap_err();
    assert_eq!(why.to_string(), "alice has no job `train`");
}
