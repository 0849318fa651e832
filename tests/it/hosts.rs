//! A party of several hosts, and a simulation: launchers that have nobody to meet.

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left, last_error},
    workspace::Workspace,
};

/// Alice with a second host, on which a service of hers runs.
fn two_hosts() -> Workspace {
    let ws = Workspace::example("two_parties");
    ws.edit("topology.kdl", |text| {
        let host = "party \"alice\" {\n    host \"alice-2\" address=\"127.0.0.1\"\n    \
                    service \"clock\" host=\"alice-2\" { command \"sleep\" \"600\"; }\n";
        let moved = text.replacen("party \"alice\" {\n", host, 1);
        // The first host stays the first.
        let own = moved.lines().find(|line| line.contains("host \"alice-1\"")).unwrap().to_owned();
        let rest = moved.replacen(&format!("{own}\n"), "", 1);
        rest.replacen("party \"alice\" {\n", &format!("party \"alice\" {{\n{own}\n"), 1)
    });
    ws.with_keys(&["alice", "bob"]).planned()
}

#[test]
fn a_further_host_is_brought_up_by_its_own_launcher() {
    let ws = two_hosts();
    let mut second = Launcher::start(&ws, &["apply", "--party", "alice", "--host", "alice-2"]);
    second.wait_for("service clock ready");
    // The first host is another place: its launcher and its jobs go on as before.
    let ran = ws.run(&["run", "total", "--all"]).success();
    assert_eq!(ran.stdout, "sum 42\n", "{}", ran.stderr);
    ws.run(&["stop"]).success();
    assert_eq!(second.end().0, 0);
    assert_nothing_left(&ws);
}

#[test]
fn a_host_that_the_party_does_not_have_is_told_with_those_that_it_has() {
    let ws = two_hosts();
    let ran = ws.run(&["apply", "--party", "alice", "--host", "alice-3"]).status_is(2);
    let message = last_error(&ran.stderr);
    for part in ["SF0899", "alice-3", "`alice-1`", "`alice-2`"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn a_job_of_a_simulation_runs_once_as_its_first_party() {
    let ws =
        Workspace::with_shell_job(&["alice", "bob"], "echo \"$SFGEN_PARTY runs $SFGEN_JOB\"\n");
    ws.edit("topology.kdl", |text| text.replace("engine=\"threads\"", "engine=\"ray\""));
    ws.edit("topology.kdl", |text| {
        // One machine, so that SecretFlow starts a Ray of its own.
        text.replace("host \"bob-1\" address=\"127.0.0.1\"", "host \"alice-1\"")
    });
    ws.run(&["plan", "--mode", "simulation"]).success();
    let ran = ws.run(&["run", "task", "--party", "alice"]).success();
    assert_eq!(ran.stdout, "alice runs task\n", "{}", ran.stderr);
    let refused = ws.run(&["run", "task", "--party", "bob"]).status_is(2);
    assert!(last_error(&refused.stderr).contains("as alice"), "{}", refused.stderr);
    let mut up = Launcher::start(&ws, &["apply", "--party", "alice"]);
    up.wait_for("alice: armed");
    up.signal(Signal::SIGTERM);
    assert_eq!(up.end().0, 130);
    assert_nothing_left(&ws);
}
