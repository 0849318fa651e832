//! Guarded processes, their output line by line, and whether they are still there.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use procfs::process::{Process, all_processes};

use super::workspace::Workspace;

/// Far beyond what any test takes; a test that waits longer hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The real binary.
pub(crate) const SFGEN: &str = env!("CARGO_BIN_EXE_sfgen");

/// A child whose standard input is a pipe that the test holds.
pub(crate) struct Piped {
    child: Child,
    orders: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Piped {
    /// `sh -c script` under a guard.
    pub(crate) fn guarded(grace: &str, script: &str) -> Self {
        let mut command = Command::new(SFGEN);
        command.args(["__guard", "--grace", grace, "--", "sh", "-c", script]);
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the program exists");
        let (orders, stdout) = (child.stdin.take(), child.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        Self { child, orders, lines }
    }

    pub(crate) fn id(&self) -> i32 {
        self.child.id().try_into().expect("a process number")
    }

    /// The next line that it or a descendant writes.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).expect("another line in time")
    }

    pub(crate) fn order(&mut self, order: &str) {
        let pipe = self.orders.as_mut().expect("not let go yet");
        pipe.write_all(format!("{order}\n").as_bytes()).expect("it still listens");
    }

    pub(crate) fn let_go(&mut self) {
        self.orders = None;
    }

    /// Exit code, or the signal's number below zero.
    pub(crate) fn status(&mut self) -> i32 {
        let status: ExitStatus = self.child.wait().expect("our own child");
        status.code().unwrap_or_else(|| -status.signal().expect("one of both"))
    }

    /// Waits until every process that could write to the output is gone.
    pub(crate) fn wait_for_silence(&self) {
        while self.lines.recv_timeout(DEADLINE).map_err(|why| {
            assert_eq!(why, std::sync::mpsc::RecvTimeoutError::Disconnected, "somebody is left");
        }) != Err(())
        {}
    }
}

/// Sends a signal by its name.
pub(crate) fn signal(name: &str, pid: i32) {
    let status = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(status.expect("kill exists").success(), "there is a process {pid}");
}

/// Whether a process is there and not just waiting for its parent to take notice of its end.
pub(crate) fn alive(pid: i32) -> bool {
    let stat = Process::new(pid).and_then(|process| process.stat());
    stat.is_ok_and(|stat| stat.state != 'Z')
}

/// The processes below one, itself left out, by their names in the process table.
pub(crate) fn below(root: i32) -> Vec<(i32, String)> {
    let all: Vec<_> =
        all_processes().unwrap().filter_map(|process| process.ok()?.stat().ok()).collect();
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(parent) = open.pop() {
        for child in all.iter().filter(|stat| stat.ppid == parent) {
            found.push((child.pid, child.comm.clone()));
            open.push(child.pid);
        }
    }
    found
}

/// Every process whose command line or environment names this workspace, this test's own aside.
pub(crate) fn processes_of(ws: &Workspace) -> Vec<(i32, String)> {
    let folder = ws.path().to_str().unwrap();
    let all = all_processes().unwrap().filter_map(Result::ok);
    let own = all.filter_map(|process: Process| {
        let command = process.cmdline().ok()?.join(" ");
        let environment = process.environ().unwrap_or_default();
        let names = |value: &std::ffi::OsString| value.to_string_lossy().contains(folder);
        let is_ours = command.contains(folder) || environment.values().any(names);
        let is_alive = process.stat().is_ok_and(|stat| stat.state != 'Z');
        (is_ours && is_alive).then(|| (process.pid(), command))
    });
    own.collect()
}

/// Waits until none of these processes is there any more, and fails where that takes longer than it may.
#[track_caller]
pub(crate) fn assert_gone_within(limit: Duration, since: Instant, processes: &[i32]) {
    while let Some(left) = processes.iter().find(|pid| alive(**pid)) {
        assert!(since.elapsed() < limit, "process {left} is left after {:?}", since.elapsed());
        std::thread::yield_now();
    }
}
