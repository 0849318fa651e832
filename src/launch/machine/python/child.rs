//! Short-lived programs, asked or watched, of which nothing stays when the caller stops waiting.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write as _},
    process::{ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use camino::Utf8Path;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::unix::pipe,
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use crate::launch::processes::GuardProgram;

/// How long a program that is watched may take to end.
const GRACE: Duration = Duration::from_secs(1);
/// How long the end of a killed program is waited for; its guard needs milliseconds.
const KILLING: Duration = Duration::from_secs(2);
/// How often it is looked whether it has ended.
const TICK: Duration = Duration::from_millis(5);
/// How many of the last lines explain a failure.
const TAIL: usize = 20;

/// A program whose Python, if it is one, sees nothing of the caller's own modules and environments.
pub(super) fn command(program: &Utf8Path) -> Command {
    let mut command = Command::new(program);
    // A group of its own: the terminal's Ctrl-C goes to the launcher, which decides what ends and when.
    command.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    for name in ["PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"] {
        command.env_remove(name);
    }
    command
}

/// What a program prints within `limit`, or as a phrase what it did instead: "does not start: ...".
pub(super) async fn ask(mut command: Command, limit: Duration) -> Result<String, String> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.map_err(|why| format!("does not start: {why}"))?;
    let group = Group::of(&child);
    let output = timeout(limit, child.wait_with_output())
        .await
        .map_err(|_| format!("does not answer within {} s", limit.as_secs()))?
        .map_err(|why| format!("cannot be read: {why}"))?;
    group.ended();
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no message");
    Err(format!("fails with {}: {said}", output.status))
}

/// How a watched program ended, and its last lines.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) tail: String,
}

/// Runs a program to its end and shows each line of its stdout and stderr, in the order in which it wrote them.
///
/// It runs under a guard, like what a plan lists: where this process is killed, or the future dropped, nothing of it
/// stays, daemons included.
pub(super) async fn watch(
    guard: &GuardProgram,
    command: &Command,
    line: &mut (dyn FnMut(&str) + Send),
) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    let mut guarded = guard.guarding(command, GRACE);
    guarded.stdin(Stdio::piped()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = guard.start(&mut guarded)?;
    // Taken out of the child, whose `wait` would close it.
    let orders = child.stdin.take();
    let mut child = Guarded { child, orders };
    // It holds the pipe's other end, and there would never be an end of file.
    drop(guarded);
    let mut lines = BufReader::new(pipe::Receiver::from_owned_fd(reader.into())?);
    let mut tail = VecDeque::with_capacity(TAIL);
    let mut bytes = Vec::new();
    while lines.read_until(b'\n', &mut bytes).await? != 0 {
        let text = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        line(&text);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(text);
        bytes.clear();
    }
    let status = child.child.wait().await?;
    Ok(Ended { status, tail: Vec::from(tail).join("\n") })
}

/// A guard. Dropping it ends all that it guards, and returns when that is gone.
struct Guarded {
    child: Child,
    orders: Option<ChildStdin>,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let orders = self.orders.take().and_then(|orders| orders.into_owned_fd().ok());
        if let Some(orders) = orders {
            let _ = File::from(orders).write_all(b"kill\n"); // it may have ended; so may it at the pipe's end
        }
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < KILLING {
            sleep(TICK);
        }
    }
}

/// A child's process group, killed when this is dropped: a program may have children of its own.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.map(Pid::from_raw))
    }

    /// The leader was waited for, so its number may soon be somebody else's.
    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // The group may be gone already, which is what is wanted.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = command(Utf8Path::new("/bin/sh"));
        command.args(["-c", script]);
        command
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn what_does_not_answer_is_killed_with_its_children() {
        block_on(async {
            // The grandchild holds a pipe, which is closed when the last process of the group has ended.
            let (reader, writer) = io::pipe().unwrap();
            let mut command = shell("sleep 600 & wait");
            command.stderr(writer);
            let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
            let group = Group::of(&child);
            drop(command);
            drop(group);
            let mut left = BufReader::new(pipe::Receiver::from_owned_fd(reader.into()).unwrap());
            assert_eq!(left.read_until(b'\n', &mut Vec::new()).await.unwrap(), 0);
            assert!(!child.wait().await.unwrap().success());
        });
        let why = block_on(ask(shell("sleep 600"), Duration::from_millis(50))).unwrap_err();
        assert_eq!(why, "does not answer within 0 s");
    }

    #[test]
    fn a_refusal_is_a_phrase_with_the_first_line_of_the_message() {
        let refused = block_on(ask(shell("echo no such command >&2; exit 127"), TEN)).unwrap_err();
        assert_eq!(refused, "fails with exit status: 127: no such command");
        let missing = command(Utf8Path::new("/nonexistent"));
        assert!(block_on(ask(missing, TEN)).unwrap_err().starts_with("does not start: "));
    }

    const TEN: Duration = Duration::from_secs(10);
}
