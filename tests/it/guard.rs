//! The guard: nothing that it started lives longer than it, and it lives no longer than the launcher that started it.

use std::process::Command;

use crate::support::process::{Piped, SFGEN, alive, signal};

#[test]
fn the_guard_ends_like_its_program() {
    assert_eq!(Piped::guarded("1s", "exit 7").status(), 7);
    assert_eq!(Piped::guarded("1s", "kill -KILL $$").status(), 128 + 9);
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" __guard --grace 1s -- /no/such/program 2>&1", SFGEN]);
    let mut shell = Piped::spawn(shell);
    assert_eq!(
        shell.line(),
        "sfgen: cannot start `/no/such/program`: No such file or directory (os error 2)"
    );
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
