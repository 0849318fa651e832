//! Clients that are no peers are refused, by the meeting and by the embedded runtime.

use std::{
    net::TcpStream,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{
    launcher::{Launcher, ports_of},
    strangers::{Reception, visit},
    workspace::Workspace,
};

fn two_parties() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

#[test]
fn the_meeting_refuses_whoever_is_no_peer() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob");
    let control = *ports_of(&ws).iter().min().unwrap();
    for (who, reception) in visit(control) {
        assert_eq!(reception, Reception::Refused, "a client {who}");
    }
    for why in ["does not speak TLS", "certificate"] {
        alice.wait_for(why);
    }
}

#[test]
fn the_sum_refuses_whoever_is_no_peer() {
    let ws = two_parties();
    let port = ws.read("sfgen.lock").lines().find_map(|line| {
        let (_, numbers) = line.split_once("\"bob/bob-1/sf\" = [")?;
        numbers.split_once(',')?.0.parse::<u16>().ok()
    });
    let port = port.unwrap();
    // Bob's process alone, as his launcher would start it: it waits for alice's.
    let mut job = Command::new(env!("CARGO_BIN_EXE_sfgen"))
        .arg("__job-sum")
        .env("SFGEN_ROOT", ws.path())
        .env("SFGEN_TREE", ws.join("generated"))
        .env("SFGEN_PARTY", "bob")
        .env("SFGEN_JOB", "total")
        .env("SFGEN_RUN", "0123456789abcdef")
        .env("SFGEN_SLOTS", r#"{"alice":0,"bob":0}"#)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "nothing listens on {port}");
        std::thread::yield_now();
    }
    let receptions = visit(port);
    assert!(job.try_wait().unwrap().is_none(), "strangers do not end the job");
    job.kill().unwrap();
    job.wait().unwrap();
    for (who, reception) in receptions {
        assert_eq!(reception, Reception::Refused, "a client {who}");
    }
}
