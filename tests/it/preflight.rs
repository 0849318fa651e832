//! Launchers that get ready, which takes minutes where packages are installed: commands find them, and whatever ends one
//! ends the installation.

use std::{
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    process::{DEADLINE, assert_gone_within},
    workspace::Workspace,
};

const FAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fakes/python");

/// Its pip has a daemon in a session of its own, and installs until there is a file `go`.
const INSTALLS: &str = r#"
case "$3" in
    venv)
        mkdir -p "$4/bin"; ln -s FAKE "$4/bin/python"; cp "$0" "$4/bin/python.module"
        echo '{"python": "3.10.13", "secretflow": "1.13.0b0"}' > "$4/bin/python.version" ;;
    pip)
        setsid sh -c 'echo $$ > HERE/daemon; exec sleep 600' &
        echo $$ > HERE/pip
        until [ -e HERE/go ]; do sleep 0.05; done ;;
esac
"#;

/// Two parties whose Python is the one above.
fn two_parties() -> Workspace {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "");
    symlink(FAKE, ws.join("python")).unwrap();
    ws.write("python.version", "3.10.13\n");
    let here = ws.path().to_str().unwrap();
    ws.write("python.module", &INSTALLS.replace("FAKE", FAKE).replace("HERE", here));
    ws
}

fn command(ws: &Workspace, args: &[&str]) -> Command {
    let mut command = ws.command(args);
    // Without uv, which would be asked to install instead.
    command.env("SFGEN_PYTHON", ws.join("python")).env("PATH", "/usr/bin:/bin");
    command
}

/// The number that a process has written into a file, once it has.
fn number(file: &Path) -> i32 {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(number) = text.strip_suffix('\n') {
            return number.parse().unwrap();
        }
        assert!(begun.elapsed() < DEADLINE, "{}", file.display());
        std::thread::yield_now();
    }
}

/// A launcher of alice whose pip runs, and the numbers of pip and its daemon.
fn installing(ws: &Workspace) -> (Launcher, [i32; 2]) {
    let mut alice = Launcher::of(command(ws, &["apply", "--party", "alice"]));
    alice.wait_for("making a virtual environment");
    let processes = ["pip", "daemon"].map(|file| number(&ws.join(file)));
    (alice, processes)
}

#[test]
fn commands_find_a_launcher_that_gets_ready_and_stop_ends_it_with_its_installation() {
    let ws = two_parties();
    let (alice, processes) = installing(&ws);
    let status = ws.run(&["status"]).success();
    assert!(status.stdout.contains("alice of shell: preflight"), "{}", status.stdout);
    let ran = ws.run(&["run", "task", "--party", "alice", "--wait", "2s"]).status_is(5);
    let told = "waited 2s for the launcher of alice, which gets ready (preflight)";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    let mut waiting = Launcher::start(&ws, &["run", "task", "--party", "alice"]);
    waiting.wait_for("waiting for the launcher of alice");
    let stopped = ws.run(&["stop"]).success();
    assert!(stopped.stdout.contains("alice of shell: stopped"), "{}", stopped.stdout);
    assert_gone_within(Duration::ZERO, Instant::now(), &processes);
    let (status, _, said) = waiting.end();
    assert_eq!(status, 5, "{said}");
    assert!(said.contains("the launcher of alice ended: stopped"), "{said}");
    assert_eq!(alice.end().0, 0);
    assert_nothing_left(&ws);
}

#[test]
fn a_run_beside_launchers_that_get_ready_waits_for_them() {
    let ws = two_parties();
    let (alice, _) = installing(&ws);
    let mut bob = Launcher::of(command(&ws, &["apply", "--party", "bob"]));
    bob.wait_for("waiting for another sfgen");
    let runs = ["alice", "bob"].map(|party| {
        let mut client = Launcher::of(command(&ws, &["run", "task", "--party", party]));
        client.wait_for(&format!("waiting for the launcher of {party}"));
        client
    });
    ws.write("go", "");
    for client in runs {
        let (status, _, said) = client.end();
        assert_eq!(status, 0, "{said}");
    }
    ws.run(&["stop"]).success();
    assert_eq!((alice.end().0, bob.end().0), (0, 0));
    assert_nothing_left(&ws);
}

#[test]
fn whatever_ends_a_launcher_that_gets_ready_ends_pip_and_its_daemon() {
    let ws = two_parties();
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT] {
        let (alice, processes) = installing(&ws);
        let begun = Instant::now();
        alice.signal(signal);
        alice.end();
        assert_gone_within(DEADLINE, begun, &processes);
        while std::fs::read_dir(ws.join("run")).unwrap().next().is_some() {
            assert!(begun.elapsed() < DEADLINE, "{signal}: its folder is left");
            std::thread::yield_now();
        }
        for file in ["pip", "daemon"] {
            std::fs::remove_file(ws.join(file)).unwrap();
        }
    }
}
