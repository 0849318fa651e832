//! All parties on one machine: what `--all` has started ends with it.

use std::time::Instant;

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    process::{DEADLINE, assert_gone_within, below},
    workspace::Workspace,
};

/// Every process tells that it is there and stays until it is ended.
const HOLDS: &str = "echo \"$SFGEN_PARTY holds\" >&2\nexec sleep 600\n";

#[test]
fn whatever_ends_a_command_for_all_parties_ends_their_launchers_and_jobs() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], HOLDS);
    for (command, up, signal) in [
        (&["apply", "--all"][..], ": armed", Signal::SIGKILL),
        (&["run", "task", "--all"], " holds", Signal::SIGKILL),
        (&["run", "task", "--all"], " holds", Signal::SIGHUP),
        (&["apply", "--all"], ": armed", Signal::SIGQUIT),
    ] {
        let mut all = Launcher::start(&ws, command);
        for _ in ["alice", "bob"] {
            all.wait_for(up);
        }
        let started: Vec<i32> =
            below(all.pid().as_raw()).into_iter().map(|(number, _)| number).collect();
        assert!(started.len() >= 4, "launchers and sweepers: {started:?}");
        let begun = Instant::now();
        all.signal(signal);
        assert_gone_within(DEADLINE, begun, &started);
        while std::fs::read_dir(ws.join("run")).unwrap().next().is_some() {
            assert!(begun.elapsed() < DEADLINE, "{command:?} {signal}: a folder is left");
            std::thread::yield_now();
        }
        assert_nothing_left(&ws);
    }
}
