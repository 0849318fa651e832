//! A job script, or a file beside it, with the name of a module that SecretFlow imports is found before a job starts.

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    workspace::Workspace,
};

#[test]
fn a_file_beside_a_script_that_hides_a_module_ends_apply_and_run_before_anything_starts() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "echo ran\n");
    ws.write("heu.py", "");
    for args in [&["apply", "--party", "alice"][..], &["run", "task", "--party", "alice"]] {
        let ran = ws.run(args).status_is(4);
        assert!(ran.stderr.contains("SF0877"), "{}", ran.stderr);
        assert!(ran.stderr.contains("`heu.py`"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("alice: services"), "{}", ran.stderr);
    }
    assert_nothing_left(&ws);
}

#[test]
fn a_file_that_comes_while_a_launcher_is_up_ends_the_next_run() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "echo ran\n");
    let mut up = Launcher::start(&ws, &["apply", "--party", "alice"]);
    up.wait_for("alice: meeting");
    ws.write("spu.py", "");
    let ran = ws.run(&["run", "task", "--party", "alice"]).status_is(2);
    assert!(ran.stderr.contains("SF0877") && ran.stderr.contains("`spu.py`"), "{}", ran.stderr);
    up.signal(Signal::SIGTERM);
    assert_eq!(up.end().0, 130);
}
