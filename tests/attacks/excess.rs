//! A listed party that sends more than anybody needs.

use super::{
    false_peer::{FalsePeer, pb, snapshot},
    honest::Honest,
};

/// How much a launcher may grow by what one peer sends, in MiB.
const GROWTH: u64 = 64;

/// Attack: a listed party with more requests than are taken, with texts of a megabyte, and with messages that are none.
/// Load: one of each.
/// Outcome: each ends bob's own call, and the limit is told; alice's runs with carol go on.
#[test]
fn what_a_peer_can_make_a_launcher_hold_is_bounded_and_told() {
    let mut honest = Honest::start();
    let entry = pb::JobEntry {
        job: "all".to_owned(),
        ticket: vec![1; 16],
        state: Some(pb::job_entry::State::Waiting(pb::Waiting {})),
        ..pb::JobEntry::default()
    };
    let good = snapshot(&honest.ws);
    let many = pb::Snapshot { jobs: vec![entry.clone(); 1001], ..good.clone() };
    let mut heard = good.clone();
    heard.jobs = vec![pb::JobEntry { heard: vec!["bob".to_owned(); 5000], ..entry }];
    let mut release = good.clone();
    release.facts.as_mut().unwrap().sfgen = "9".repeat(1_000_000);
    let huge = pb::Snapshot { leaving: Some("x".repeat(2 << 20)), ..good.clone() };
    let none = pb::Snapshot { facts: None, ..good.clone() };
    let before = honest.peak();
    for (snapshot, told) in [
        (many, "sent 1001 requests for jobs; at most 1000 are taken"),
        (heard, "sent 5000 parties in one request; at most 4096 are taken"),
        (release, "sent 1000000 characters as the name of a release; at most 100 are taken"),
        (huge, "too large"),
        (none, "sent a message without `facts`"),
    ] {
        let bob = FalsePeer::call(&honest.ws, honest.target());
        // Alice tells of a peer that was there; her call to bob fails, so she says why he is not here.
        assert!(bob.say(good.clone()));
        assert!(bob.say(snapshot));
        honest.alice.wait_for(told);
    }
    honest.run();
    let growth = honest.peak() - before;
    assert!(growth < GROWTH, "{growth} MiB");
}

/// Attack: a listed party that sends its state as fast as it can.
/// Load: for as long as alice and carol need for three runs, which all end well.
/// Outcome: it is slowed down to 50 snapshots per second, and alice grows by a few megabytes at most.
#[test]
fn a_peer_that_talks_without_end_is_slowed_down() {
    let honest = Honest::start();
    let bob = FalsePeer::call(&honest.ws, honest.target());
    let good = snapshot(&honest.ws);
    let before = honest.peak();
    let talking = std::thread::spawn(move || {
        let mut sent = 0_u32;
        while sent < 1_000_000 && bob.say(pb::Snapshot { sequence: sent.into(), ..good.clone() }) {
            sent += 1;
        }
        sent
    });
    for _ in 0..3 {
        honest.run();
    }
    let growth = honest.peak() - before;
    drop(honest);
    let sent = talking.join().unwrap();
    assert!(growth < GROWTH, "{growth} MiB");
    assert!(sent < 100_000, "what is not read stays with the sender: {sent}");
}
