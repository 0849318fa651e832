//! The listener of the embedded sum.

use std::{
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{
    strangers::{Reception, visit},
    workspace::Workspace,
};

use super::{
    crowd::{Crowd, others, own},
    honest::{port, three_parties},
};

/// A party's process alone, as its launcher would start it.
fn job(ws: &Workspace, party: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sfgen"))
        .arg("__job-sum")
        .env("SFGEN_ROOT", ws.path())
        .env("SFGEN_TREE", ws.join("generated"))
        .env("SFGEN_PARTY", party)
        .env("SFGEN_JOB", "pair")
        .env("SFGEN_RUN", "0123456789abcdef")
        .env("SFGEN_SLOTS", r#"{"alice":0,"carol":0}"#)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Attack: clients without TLS, without a certificate and of a foreign CA, and half-open connections.
/// Load: six such clients; 500 connections from other addresses and 200 from the peers' own.
/// Outcome: all are refused, and the sum with the other party is made.
#[test]
fn the_sum_is_made_among_strangers() {
    let ws = three_parties();
    let port = port(&ws, "carol", "sf");
    let carol = job(&ws, "carol");
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "nothing listens on {port}");
        std::thread::yield_now();
    }
    let strangers = Crowd::gather(port, others(500), b"");
    let neighbours = Crowd::gather(port, own(200), &[0x16]);
    strangers.wait_for(500);
    neighbours.wait_for(200);
    for (who, reception) in visit(port) {
        assert_eq!(reception, Reception::Refused, "a client {who}");
    }
    let alice = job(&ws, "alice");
    for process in [carol, alice] {
        let ended = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(String::from_utf8_lossy(&ended.stdout), "sum 42\n", "{said}");
    }
}
