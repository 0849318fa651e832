//! Real launchers in the background.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, TcpListener},
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::workspace::Workspace;

/// How long anything may take that is to happen at once. Machines are busy; what is stated is asserted apart.
/// SecretFlow needs half a minute to import and connect where two of them share two cores.
const PATIENCE: Duration = Duration::from_mins(2);

/// A launcher in the background whose words can be waited for.
pub(crate) struct Launcher {
    pub(crate) child: Child,
    lines: mpsc::Receiver<String>,
    said: Vec<String>,
}

impl Launcher {
    pub(crate) fn start(ws: &Workspace, args: &[&str]) -> Self {
        Self::of(ws.command(args))
    }

    /// The same of a command that is made elsewhere.
    pub(crate) fn of(mut command: Command) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let lines = lines(child.stderr.take().unwrap());
        Self { child, lines, said: Vec::new() }
    }

    /// Waits for a line that contains `words`.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        self.hears(words).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same, and what was said instead.
    pub(crate) fn hears(&mut self, words: &str) -> Result<String, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if line.contains(words) {
                        return Ok(line);
                    }
                }
                Err(why) => {
                    return Err(format!(
                        "`{words}` was not said ({why}):\n{}",
                        self.said.join("\n")
                    ));
                }
            }
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Waits for the end: status, stdout, and all that was said.
    pub(crate) fn end(mut self) -> (i32, String, String) {
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

pub(crate) fn ports_of(ws: &Workspace) -> Vec<u16> {
    let lock = ws.read("sfgen.lock");
    let numbers = lock.lines().filter_map(|line| line.split_once(" = [")?.1.split_once(','));
    numbers.map(|(first, _)| first.parse().unwrap()).collect()
}

/// Nothing listens on a planned port any more, and no socket or lock of a launcher is left.
#[track_caller]
pub(crate) fn assert_nothing_left(ws: &Workspace) {
    for port in ports_of(ws) {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .unwrap_or_else(|why| panic!("{port}: {why}"));
    }
    let run = ws.join("run");
    let left: Vec<_> = std::fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// The message with which a command failed: its own words, not those of a job.
#[track_caller]
pub(crate) fn last_error(said: &str) -> &str {
    let is_failure = |line: &&str| line.starts_with("SF") && line.contains(" error: ");
    said.lines().rfind(is_failure).unwrap_or_else(|| panic!("there is no failure in\n{said}"))
}
