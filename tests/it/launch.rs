//! `apply`, `run`, `status` and `stop`: real launchers on loopback, with the embedded runtime.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, TcpListener},
    process::{Child, ChildStderr, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{process::Reaped, workspace::Workspace};

/// How long anything may take that is to happen at once. Machines are busy; what is stated is asserted apart.
const PATIENCE: Duration = Duration::from_secs(30);

fn two_parties() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

/// A launcher in the background whose words can be waited for.
struct Launcher {
    child: Child,
    lines: mpsc::Receiver<String>,
    said: Vec<String>,
}

impl Launcher {
    fn start(ws: &Workspace, args: &[&str]) -> Self {
        let mut child = ws.spawn(args);
        let lines = lines(child.stderr.take().unwrap());
        Self { child, lines, said: Vec::new() }
    }

    /// Waits for a line that contains `words`.
    #[track_caller]
    fn wait_for(&mut self, words: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(_) => panic!("`{words}` was not said:\n{}", self.said.join("\n")),
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Waits for the end: status, stdout, and all that was said.
    fn end(mut self) -> (i32, String, String) {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let status = self.child.wait().unwrap().code().unwrap_or(-1);
        self.said.extend(self.lines.iter());
        (status, stdout, std::mem::take(&mut self.said).join("\n"))
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(stderr: ChildStderr) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
