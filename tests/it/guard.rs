//! The guard: nothing that it started lives longer than it, and it lives no longer than the launcher that started it.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::process::{DEADLINE, Piped, SFGEN, alive, assert_gone_within, below, signal};

/// Within this time nothing of a run may be left, whoever of it was killed.
const SOON: Duration = Duration::from_secs(2);

/// A program that does not listen to SIGTERM, and a daemon of it in a session of its own that does not either.
const STUBBORN: &str =
    "trap '' TERM; setsid sh -c 'echo daemon $$; exec sleep 1000' & echo program $$; wait";

#[test]
fn the_guard_ends_like_its_program() {
    assert_eq!(Piped::guarded("1s", "exit 7").status(), 7);
    assert_eq!(Piped::guarded("1s", "kill -KILL $$").status(), 128 + 9);
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" __guard --grace 1s -- /no/such/program 2>&1", SFGEN]);
    let mut shell = Piped::spawn(shell);
    assert_eq!(shell.line(), "sfgen: cannot start `/no/such/program`: no such file or directory");
    assert_eq!(shell.status(), 127);
}

#[test]
fn a_daemon_in_a_session_of_its_own_ends_with_the_program() {
    let script = "(setsid sh -c 'exec sleep 1000 >/dev/null' & echo $!); exit 3";
    let mut guard = Piped::guarded("10s", script);
    let daemon = guard.line().parse().unwrap();
    assert_eq!(guard.status(), 3);
    assert!(!alive(daemon));
}

#[test]
fn the_end_of_the_pipe_ends_even_who_ignores_sigterm() {
    let script = "trap '' TERM; setsid sleep 1000 & echo $!; wait";
    let mut guard = Piped::guarded("100ms", script);
    let sleeper = guard.line().parse().unwrap();
    guard.let_go();
    assert_eq!(guard.status(), 128 + 9);
    assert!(!alive(sleeper));
}

#[test]
fn a_program_that_is_asked_may_tidy_up() {
    let script = "trap 'echo tidy; exit 5' TERM; echo up; while :; do sleep 0.01; done";
    let mut guard = Piped::guarded("10s", script);
    assert_eq!(guard.line(), "up");
    guard.order("term");
    assert_eq!((guard.line().as_str(), guard.status()), ("tidy", 5));
}

#[test]
fn the_order_to_kill_does_not_wait_for_the_grace_period() {
    let mut guard = Piped::guarded("1h", "trap '' TERM; echo up; while :; do sleep 0.01; done");
    guard.line();
    guard.order("term");
    guard.order("kill");
    assert_eq!(guard.status(), 128 + 9);
}

#[test]
fn a_terminals_signals_wait_for_the_launchers_order() {
    let mut guard = Piped::guarded("10s", "echo up; exec sleep 1000");
    guard.line();
    for name in ["INT", "HUP", "QUIT"] {
        signal(name, guard.id());
    }
    guard.order("term");
    assert_eq!(guard.status(), 128 + 15);
}

#[test]
fn a_sigterm_to_the_guard_is_the_end_of_the_program() {
    let mut guard = Piped::guarded("10s", "echo up; exec sleep 1000");
    guard.line();
    signal("TERM", guard.id());
    assert_eq!(guard.status(), 128 + 15);
}

#[test]
fn killing_the_launcher_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut launcher = Command::new("sh");
    // The shell alone holds the writing end, as a launcher does.
    launcher
        .args(["-c", "mkfifo p; \"$0\" __guard --grace 10s -- sh -c \"$1\" <p & exec 9>p; wait"]);
    launcher.args([SFGEN, "setsid sleep 1000 & echo $!; echo $$; wait"]).current_dir(&folder);
    let mut launcher = Piped::spawn(launcher);
    let processes: [i32; 2] = [(); 2].map(|()| launcher.line().parse().unwrap());
    assert!(processes.into_iter().all(alive));
    signal("KILL", launcher.id());
    assert_eq!(launcher.status(), -9);
    launcher.wait_for_silence();
    assert!(!processes.into_iter().any(alive));
}

#[test]
fn the_program_reads_nothing_and_inherits_no_stray_file() {
    let mut shell = Command::new("sh");
    let script = "exec 7</dev/zero; \"$0\" __guard --grace 1s -- sh -c 'cat; ls /proc/self/fd'";
    shell.args(["-c", script, SFGEN]);
    let mut shell = Piped::spawn(shell);
    // 3 is the listing's own.
    assert_eq!([(); 4].map(|()| shell.line()), ["0", "1", "2", "3"]);
    assert_eq!(shell.status(), 0);
}

/// A guarded [`STUBBORN`] program: its standby guard, the active one, and daemon and program.
fn stubborn() -> (Piped, i32, Vec<i32>) {
    let guard = Piped::guarded("1h", STUBBORN);
    let mut lines = [(); 2].map(|()| guard.line());
    lines.sort();
    let processes = lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap());
    let active = below(guard.id()).into_iter().find(|(_, name)| name == "sfgen-guard").unwrap().0;
    (guard, active, processes.into())
}

/// Kills a process, which may have been ended by others at this moment.
fn kill_if_there(pid: i32) {
    let done = kill(Pid::from_raw(pid), Signal::SIGKILL);
    assert!(matches!(done, Ok(()) | Err(Errno::ESRCH)), "{done:?}");
}

#[test]
fn whoever_is_killed_nothing_is_left_after_two_seconds() {
    // Each order of launcher (`l`), standby (`s`), active guard (`a`) and program (`p`) in which one of the first three is
    // still there at the end, since that is who cleans up.
    for order in [
        "l", "s", "a", "p", "ls", "la", "lp", "sl", "sp", "al", "ap", "pl", "ps", "pa", "lps",
        "pal",
    ] {
        let (mut guard, active, mut processes) = stubborn();
        processes.extend([guard.id(), active]);
        let begun = Instant::now();
        for who in order.chars() {
            match who {
                'l' => guard.let_go(),
                's' => signal("KILL", guard.id()),
                'a' => kill_if_there(active),
                _ => kill_if_there(processes[1]),
            }
        }
        assert_gone_within(SOON, begun, &processes);
    }
}

#[test]
fn a_killed_guard_is_told_from_a_killed_program() {
    let (mut guard, active, _) = stubborn();
    signal("KILL", active);
    assert_eq!(guard.status(), -9, "the launcher sees its guard killed");
    let (mut guard, _, processes) = stubborn();
    signal("KILL", processes[1]);
    assert_eq!(guard.status(), 128 + 9, "the guard tells how its program ended");
}

#[test]
fn a_guard_that_is_stopped_does_not_keep_what_a_dead_launcher_started() {
    let (mut guard, active, mut processes) = stubborn();
    processes.extend([guard.id(), active]);
    signal("STOP", active);
    let begun = Instant::now();
    guard.let_go();
    assert_gone_within(SOON, begun, &processes);
}

#[test]
fn a_guard_that_its_own_program_stops_still_sees_it_end() {
    let mut guard = Piped::guarded("1h", "kill -STOP $PPID; exit 3");
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(guard.status()));
    assert_eq!(ended.recv_timeout(DEADLINE), Ok(3));
}
