//! Nobody who does not read, or does not answer, stops anybody else.

use std::{
    fs::File,
    io::Write as _,
    os::fd::OwnedFd,
    process::Stdio,
    time::{Duration, Instant},
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    sys::signal::Signal,
    unistd::pipe2,
};

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    process::DEADLINE,
    workspace::Workspace,
};

fn two_parties() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

/// A pipe that is full, and whose other end nobody reads: whoever writes to it waits.
fn unread_pipe() -> (OwnedFd, OwnedFd) {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).unwrap();
    fcntl(&write, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let mut file = File::from(write.try_clone().unwrap());
    while file.write(&[b'x'; 4096]).is_ok() {}
    while file.write(b"x").is_ok() {}
    fcntl(&write, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    (read, write)
}

#[test]
fn a_launcher_whose_stderr_nobody_reads_meets_its_peer_and_runs_jobs() {
    let ws = two_parties();
    let (_unread, stderr) = unread_pipe();
    let mut alice = ws
        .command(&["apply", "--party", "alice"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .unwrap();
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    bob.wait_for("bob: armed");
    let at_bob = Launcher::start(&ws, &["run", "total", "--party", "bob"]);
    ws.run(&["run", "total", "--party", "alice"]).success();
    assert_eq!(at_bob.end().0, 0);
    ws.run(&["stop"]).success();
    assert_eq!(alice.wait().unwrap().code(), Some(0));
    assert_eq!(bob.end().0, 0);
    assert_nothing_left(&ws);
}

#[test]
fn a_run_whose_output_nobody_reads_ends_like_any_other() {
    let ws = two_parties();
    let (_unread, output) = unread_pipe();
    let mut alice = ws
        .command(&["run", "total", "--party", "alice"])
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    ws.run(&["run", "total", "--party", "bob"]).success();
    let begun = Instant::now();
    while alice.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < DEADLINE, "it waits for its reader");
        std::thread::yield_now();
    }
    assert_eq!(alice.wait().unwrap().code(), Some(0));
    assert_nothing_left(&ws);
}

#[test]
fn a_client_that_stops_reading_does_not_keep_the_slot_of_its_job() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "");
    let talks = ws.join("talks");
    let script = format!(
        "[ $SFGEN_PARTY = bob ] && exit\nuntil [ -e '{}' ]; do sleep 0.01; done\nyes | head -n 400000\n",
        talks.display()
    );
    ws.write("task.sh", &script);
    let mut up = ["alice", "bob"].map(|party| Launcher::start(&ws, &["apply", "--party", party]));
    for launcher in &mut up {
        launcher.wait_for(": armed");
    }
    let mut at_alice = Launcher::start(&ws, &["run", "task", "--party", "alice"]);
    let at_bob = Launcher::start(&ws, &["run", "task", "--party", "bob"]);
    at_alice.wait_for("starts in slot");
    at_alice.signal(Signal::SIGSTOP);
    std::fs::write(talks, "").unwrap();
    let (status, _, said) = at_bob.end();
    assert_eq!(status, 0, "{said}");
    at_alice.signal(Signal::SIGCONT);
    let (status, _, said) = at_alice.end();
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("lines were not read in time; the log has them"), "{said}");
}

#[test]
fn commands_tell_of_a_launcher_that_is_stopped_and_do_not_wait_for_it() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob");
    alice.signal(Signal::SIGSTOP);
    for command in [&["stop"][..], &["status"], &["run", "total", "--party", "alice"]] {
        let begun = Instant::now();
        let ran = ws.run(command).status_is(5);
        assert!(begun.elapsed() < Duration::from_secs(8), "{command:?}: {:?}", begun.elapsed());
        let told = format!("(process {}) has said nothing for 5 s", alice.pid());
        assert!(ran.stderr.contains(&told), "{command:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("kill -CONT {}", alice.pid())), "{}", ran.stderr);
    }
    alice.signal(Signal::SIGCONT);
    ws.run(&["stop"]).success();
    assert_nothing_left(&ws);
}
