//! What sfgen's own processes do with limits and secrets.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, ExitStatus, Stdio},
};

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    workspace::{Ran, Workspace},
};

/// The command below a shell that sets a limit first.
fn limited(ws: &Workspace, limit: &str, args: &[&str]) -> Command {
    let sfgen = ws.command(args);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")]).arg(sfgen.get_program());
    shell.args(args).current_dir(ws.path()).stdin(Stdio::null());
    for (name, value) in sfgen.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn a_limit_of_file_sizes_is_an_error_of_a_plan_like_a_full_disk() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]);
    let output = limited(&ws, "ulimit -f 0", &["plan"]).output().unwrap();
    let ran = Ran::new(&["plan"], &output, ws.path()).status_is(4);
    assert!(ran.stderr.contains("file too large"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("\nplan "), "what was not written is not said: {}", ran.stdout);
    ws.run(&["plan"]).success();
    ws.run(&["plan", "--check"]).success();
}

#[test]
fn a_limit_of_file_sizes_costs_a_launcher_lines_of_its_logs_and_nothing_else() {
    let script = "yes | head -n 100000; echo through >&2\n";
    let ws = Workspace::with_shell_job(&["alice", "bob"], script);
    let alice = limited(&ws, "ulimit -f 64", &["run", "task", "--party", "alice"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    ws.run(&["run", "task", "--party", "bob"]).success();
    let output = alice.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("file too large").count(), 1, "told once: {said}");
    assert_nothing_left(&ws);
}

#[test]
fn a_launcher_that_crashes_leaves_no_dump_of_its_memory() {
    let dumps = |status: ExitStatus| {
        assert_eq!(status.signal(), Some(Signal::SIGABRT as i32));
        status.core_dumped()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut other = Command::new("sh");
    other.args(["-c", "ulimit -c unlimited; kill -ABRT $$"]).current_dir(&folder);
    assert!(dumps(other.status().unwrap()), "this machine dumps others");

    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned();
    let command = limited(&ws, "ulimit -c unlimited", &["apply", "--party", "alice"]);
    let mut alice = Launcher::of(command);
    alice.wait_for("waiting for bob");
    alice.signal(Signal::SIGABRT);
    assert!(!dumps(alice.child.wait().unwrap()));
}
