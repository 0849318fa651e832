//! Connections that are opened and never finish a handshake.

use std::time::Duration;

use crate::support::launcher::Launcher;

use super::{
    crowd::{Crowd, as_many_as, others, own},
    honest::{Honest, port, run_pair, three_parties},
};

/// The shortest of three runs of carol, who brings up her own launcher, with alice, whose launcher is up: carol must get
/// in at alice's control port. The shortest, since the machine may be busy with other things.
fn shortest_of_three(ws: &crate::support::workspace::Workspace) -> Duration {
    (0..3).map(|_| run_pair(ws)).min().unwrap()
}

/// Attack: connections to alice's control port that send nothing, opened anew 5 s after each end.
/// Load: 5,000 from as many other addresses (fewer where the limit of open files is lower), and 200 from the address
/// that all parties have.
/// Outcome: a run of carol, who must get in, takes at most one second longer than without them.
#[test]
fn five_thousand_half_open_connections_cost_peers_at_most_a_second() {
    let ws = three_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("alice: meeting");
    let without = shortest_of_three(&ws);
    let control = port(&ws, "alice", "control");
    let number = as_many_as(5000);
    let strangers = Crowd::gather(control, others(number), b"");
    let neighbours = Crowd::gather(control, own(200), b"");
    strangers.wait_for(number);
    neighbours.wait_for(200);
    let with = shortest_of_three(&ws);
    assert!(with <= without + Duration::from_secs(1), "{with:?} instead of {without:?}");
    alice.wait_for("turned away 127.");
}

/// Attack: silent connections to alice's control port, all kept open.
/// Load: 1,000 from one other address, and 1,000 that begin a TLS record and stop.
/// Outcome: a run of two parties that have met goes on, and both are told of once, with their number.
#[test]
fn a_thousand_silent_connections_from_one_address_disturb_nobody() {
    let mut honest = Honest::start();
    let number = as_many_as(2000) / 2;
    let one = vec![others(1)[0]; number];
    let silent = Crowd::gather(honest.target(), one.clone(), b"");
    let stopped = Crowd::gather(honest.target(), one, &[0x16, 0x03]);
    silent.wait_for(number);
    stopped.wait_for(number);
    honest.run();
    let line = honest.alice.wait_for("more did so since the last such line");
    assert!(line.contains("turned away 127.1.1.1:"), "{line}");
}
