//! What goes to stdout arrives whole and unchanged, or the command says that it did not.

use std::{
    fs::OpenOptions,
    process::{Command, Stdio},
};

use crate::support::{
    launcher::Launcher,
    workspace::{Ran, Workspace},
};

/// Runs the binary with a stdout on a disk that is full.
fn into_full_disk(ws: &Workspace, args: &[&str]) -> Ran {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = ws.command(args);
    let output = command.stdin(Stdio::null()).stdout(full).output().unwrap();
    Ran::new(args, &output, ws.path())
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let ws = Workspace::with_sum(&["alice", "bob"], &[]);
    for args in [
        &["run", "task", "--all"][..],
        &["plan", "--format", "json"],
        &["check", "--format", "json"],
        &["status", "--format", "json"],
        &["schema", "topology"],
        &["explain", "SF0201"],
    ] {
        let ran = into_full_disk(&ws, args).status_is(5);
        let wanted = "error: standard output cannot be written: no space left on device\n";
        assert!(ran.stderr.contains(wanted), "{args:?}: {}", ran.stderr);
    }
    into_full_disk(&ws, &["--help"]).status_is(5);
    let alice = ws.command(&["run", "task", "--party", "alice"]);
    let mut to_full = Command::new("sh");
    to_full.args(["-c", "exec \"$@\" >/dev/full", "sh"]).arg(alice.get_program());
    to_full.args(alice.get_args()).current_dir(ws.path());
    to_full.envs(alice.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let alice = Launcher::of(to_full);
    assert_eq!(ws.run(&["run", "task", "--party", "bob"]).success().stdout, "sum 28\n");
    assert_eq!(alice.end().0, 5, "its result is lost, and bob's is not");
}

#[test]
fn what_a_job_prints_arrives_byte_for_byte() {
    let long = "x".repeat(40_000);
    let script = format!("printf '%s \\t\\n' {long}; printf '\\377\\376\\r\\n'; printf end");
    let ws = Workspace::with_shell_job(&["alice", "bob"], &script);
    let mut printed = format!("{long} \t\n").into_bytes();
    printed.extend_from_slice(b"\xff\xfe\r\nend");
    let run = |args: &[&str]| {
        let output = ws.command(args).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let mut bob = ws.command(&["run", "task", "--party", "bob"]);
    let mut bob = bob.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let stdout = run(&["run", "task", "--party", "alice"]);
    assert!(stdout == printed, "{} bytes of {}", stdout.len(), printed.len());
    assert!(bob.wait().unwrap().success());
    let stdout = run(&["run", "task", "--all"]);
    assert!(stdout == printed, "{} bytes of {} with --all", stdout.len(), printed.len());
}
