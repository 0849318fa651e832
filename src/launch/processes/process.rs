//! One guarded process: its start, its lines, its end.

use std::{fmt, future::pending, io, net::SocketAddr, process::Stdio, time::Duration};

use nix::unistd::Pid;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    GuardProgram, ServiceSpec,
    descendants::wake,
    env_file::read_env_file,
    job_unit::{JobUnit, UnitRun},
    orphans::Orphanage,
};

/// Variables that would send the runtimes' connections to peers through a proxy, which gRPC and Ray obey.
pub const PROXY_VARIABLES: [&str; 10] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "grpc_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "GRPC_PROXY",
];

/// A longer line is passed on in several pieces: a program that never ends one must not fill the memory.
const LONGEST_LINE: usize = 16 << 10;
/// How many lines may wait to be read; after that the process waits.
const LINES: usize = 64;

/// How long a guard may take to kill; one that was stopped, or hangs, takes for ever.
const STUCK: Duration = Duration::from_secs(2);
/// How often it is seen to that the guard has not been stopped: its program's end would then go unnoticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line of output, or a piece of one that is very long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it was written.
    pub stream: Stream,
    /// What was written, with the end of the line if it was written, too.
    pub bytes: Vec<u8>,
}

impl Line {
    /// It as a line of a log: without white space at its end, and with U+FFFD for what is no UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).trim_end().to_owned()
    }
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an exit status; 128 and more stand for a signal, as in shells.
    Exited(i32),
    /// It did not answer there in time, and was ended for that.
    NotReady(SocketAddr, Duration),
    /// The guard could not be started.
    NotStarted(String),
    /// Somebody killed the guard.
    GuardKilled,
}

impl Ending {
    /// Whether it ended as programs do that had nothing to complain about.
    #[must_use]
    pub fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => {
                let signal = nix::sys::signal::Signal::try_from(status - 128);
                match signal {
                    Ok(signal) => write!(f, "was ended by {signal} (status {status})"),
                    Err(_) => write!(f, "ended with status {status}"),
                }
            }
            Self::NotReady(address, within) => {
                write!(f, "did not answer at {address} within {within:?}")
            }
            Self::NotStarted(why) => write!(f, "could not be started: {why}"),
            Self::GuardKilled => f.write_str("lost its guard process to a signal"),
        }
    }
}

/// A guarded process that runs. Dropping it lets go of the guard, which then ends everything.
pub(super) struct Process {
    guarded: Guarded,
    number: Option<Pid>,
    /// When a guard that was told to kill counts as stuck.
    overdue: Option<Instant>,
    next_look: Instant,
    orphanage: Option<Orphanage>,
    /// Taken out of the child, whose `wait` would close it.
    input: Box<dyn AsyncWrite + Send + Sync + Unpin>,
}

/// Who has the guard.
enum Guarded {
    /// This process, whose child it is.
    Child(Child),
    /// A unit of systemd.
    Unit(UnitRun),
}

impl Guarded {
    /// Its exit status; `None` where a signal ended it. May be cancelled and asked again.
    async fn wait(&mut self) -> io::Result<Option<i32>> {
        match self {
            Self::Child(child) => child.wait().await.map(|status| status.code()),
            Self::Unit(run) => Ok(run.wait().await),
        }
    }

    fn kill(&mut self) {
        match self {
            Self::Child(child) => drop(child.start_kill()), // it may have ended meanwhile
            Self::Unit(run) => run.kill(),
        }
    }
}

/// What a process and its descendants write.
pub(super) struct Output {
    lines: mpsc::Receiver<Line>,
    /// Reads the two pipes; they end when the last descendant has ended.
    _readers: JoinSet<()>,
}

impl Output {
    fn of(
        stdout: impl AsyncRead + Send + Unpin + 'static,
        stderr: impl AsyncRead + Send + Unpin + 'static,
    ) -> Self {
        let (sender, lines) = mpsc::channel(LINES);
        let mut readers = JoinSet::new();
        readers.spawn(read_lines(stdout, Stream::Stdout, sender.clone()));
        readers.spawn(read_lines(stderr, Stream::Stderr, sender));
        Self { lines, _readers: readers }
    }

    /// The next line, `None` at the end. May be cancelled and asked again.
    pub(super) async fn line(&mut self) -> Option<Line> {
        self.lines.recv().await
    }
}

impl Process {
    pub(super) fn spawn(
        spec: &ServiceSpec,
        guard: &GuardProgram,
    ) -> Result<(Self, Output), Ending> {
        if let Some(unit) = &spec.unit {
            return Self::in_unit(unit);
        }
        let (program, args) = spec.program.split_first().expect("a spec names a program");
        let mut command = Command::new(program);
        command.args(args).current_dir(&spec.cwd);
        for name in PROXY_VARIABLES {
            command.env_remove(name);
        }
        command.env("PYTHONUNBUFFERED", "1");
        for file in &spec.env_files {
            let file = read_env_file(file).map_err(|why| Ending::NotStarted(why.to_string()))?;
            command.envs(file.variables);
        }
        command.envs(&spec.env);
        let mut command = guard.guarding(&command, spec.grace);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = guard
            .start(&mut command)
            .map_err(|why| Ending::NotStarted(format!("in `{}`: {why}", spec.cwd)))?;
        let stdout = child.stdout.take().expect("piped above");
        let stderr = child.stderr.take().expect("piped above");
        let input = Box::new(child.stdin.take().expect("piped above"));
        let number = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let orphanage = guard.orphanage().cloned();
        let next_look = Instant::now() + LOOK_EVERY;
        let guarded = Guarded::Child(child);
        Ok((
            Self { guarded, number, overdue: None, next_look, orphanage, input },
            Output::of(stdout, stderr),
        ))
    }

    fn in_unit(unit: &JobUnit) -> Result<(Self, Output), Ending> {
        let (run, pipes) = UnitRun::start(unit)
            .map_err(|why| Ending::NotStarted(format!("at `{}`: {why}", unit.socket)))?;
        let process = Self {
            guarded: Guarded::Unit(run),
            number: None,
            overdue: None,
            next_look: Instant::now() + LOOK_EVERY,
            orphanage: None,
            input: Box::new(pipes.stdin),
        };
        Ok((process, Output::of(pipes.stdout, pipes.stderr)))
    }

    /// Process number of the guard, where it is a child of this process.
    pub(super) fn id(&self) -> Option<u32> {
        match &self.guarded {
            Guarded::Child(child) => child.id(),
            Guarded::Unit(_) => None,
        }
    }

    /// Waits for the end, also of what a killed guard leaves; may be cancelled and asked again.
    pub(super) async fn ended(&mut self) -> Ending {
        let status = loop {
            tokio::select! {
                status = self.guarded.wait() => break status,
                () = sleep_until(self.next_look) => {
                    self.next_look = Instant::now() + LOOK_EVERY;
                    if let Some(guard) = self.number {
                        wake(guard);
                    }
                }
                () = due(self.overdue) => {
                    self.overdue = None;
                    self.guarded.kill();
                }
            }
        };
        if let Some(orphanage) = &self.orphanage {
            if let Some(number) = self.number {
                orphanage.forget(number);
            }
            if matches!(status, Ok(None)) {
                orphanage.end_orphans().await;
            }
        }
        match status {
            Ok(status) => status.map_or(Ending::GuardKilled, Ending::Exited),
            Err(why) => Ending::NotStarted(why.to_string()),
        }
    }

    /// Asks the program to end. A guard that has ended needs no command.
    pub(super) async fn terminate(&mut self) {
        let _ = self.input.write_all(b"term\n").await;
    }

    /// Ends the program and all of its descendants. A guard that does not do so in time is killed itself.
    pub(super) async fn kill(&mut self) {
        self.overdue.get_or_insert(Instant::now() + STUCK);
        let _ = self.input.write_all(b"kill\n").await;
    }
}

/// Waits until then; for ever where there is no such time.
pub(super) async fn due(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

async fn read_lines(pipe: impl AsyncRead + Unpin, stream: Stream, lines: mpsc::Sender<Line>) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        let (taken, complete) = match pipe.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(bytes) => {
                let room = &bytes[..bytes.len().min(LONGEST_LINE - line.len())];
                let newline = room.iter().position(|byte| *byte == b'\n');
                let taken = newline.map_or(room.len(), |at| at + 1);
                line.extend_from_slice(&room[..taken]);
                (taken, newline.is_some())
            }
        };
        pipe.consume(taken);
        if (complete || line.len() >= LONGEST_LINE) && !pass_on(&mut line, stream, &lines).await {
            return;
        }
    }
    if !line.is_empty() {
        pass_on(&mut line, stream, &lines).await;
    }
}

/// Sends a line; `false` where the receiver is gone.
async fn pass_on(line: &mut Vec<u8>, stream: Stream, lines: &mpsc::Sender<Line>) -> bool {
    let bytes = std::mem::take(line);
    lines.send(Line { stream, bytes }).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_without_end_comes_in_pieces_and_no_byte_is_lost_or_added() {
        let mut written = "a".repeat(LONGEST_LINE + 1).into_bytes();
        written.extend_from_slice(b"\nb \xff\xfe\r\n\nend");
        let (sender, mut lines) = mpsc::channel(10);
        read_lines(&*written, Stream::Stderr, sender).await;
        let (mut read, mut texts) = (Vec::new(), Vec::new());
        while let Some(line) = lines.recv().await {
            texts.push(line.text());
            read.extend(line.bytes);
        }
        assert_eq!(read, written);
        assert_eq!(texts[0].len(), LONGEST_LINE);
        assert_eq!(texts[1..], ["a", "b \u{fffd}\u{fffd}", "", "end"]);
    }

    #[test]
    fn an_end_by_a_signal_is_told_by_its_name() {
        assert_eq!(Ending::Exited(137).to_string(), "was ended by SIGKILL (status 137)");
        assert_eq!(Ending::Exited(1).to_string(), "ended with status 1");
    }
}
