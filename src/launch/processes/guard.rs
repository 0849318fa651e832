//! The guard: a small process between the launcher and each program, so that nothing outlives a killed launcher.
//!
//! Commands come one per line on its standard input, a pipe that the launcher holds: `term` asks the program to end,
//! `kill` ends everything at once. The end of that pipe means that the launcher has ended, in whatever way, or
//! no longer needs the program. The guard exits with the program's status; 128 and the signal's number where a signal
//! ended it. A guard does
//! not know what it runs, restarts nothing and writes no log.
//!
//! As a child subreaper it inherits what its descendants leave behind, daemons in sessions of their own included.
//! Hence "no child is left" means "no descendant is left", and nothing is left when it exits.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io::{self, Write as _},
    os::{
        fd::AsFd as _,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{Command, ExitCode, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use camino::Utf8Path;
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{SigSet, Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::descendants::{descendants, kill_all};
use crate::types::Span;

/// The hidden subcommand under which sfgen runs itself as a guard.
pub const SUBCOMMAND: &str = "__guard";

/// Instead of a grace period: the step between guard and program.
const EXEC: &str = "--exec";
/// Exit status where the program could not be started, as shells use it.
const NOT_STARTED: u8 = 127;
/// How often new descendants are looked for while the old ones are being ended.
const TICK: Duration = Duration::from_millis(50);
/// How long the kernel gets to end a killed process. One that hangs in it cannot be ended by anybody.
const KILLING: Duration = Duration::from_secs(5);
/// Commands are shorter, so a line that is longer is none and is not kept.
const LONGEST_COMMAND: usize = 64;

/// Runs a guard with the arguments that follow [`SUBCOMMAND`]: `--grace 10s -- PROGRAM ARGS...`.
#[must_use]
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let mut args = args.peekable();
    if args.next_if(|first| first == EXEC).is_some() {
        complain(&exec(args));
        return ExitCode::from(NOT_STARTED);
    }
    match parse(args).and_then(|(grace, program, args)| Guard::start(grace, &program, &args)) {
        Ok(guard) => guard.run(),
        Err(why) => {
            complain(&why);
            ExitCode::from(NOT_STARTED)
        }
    }
}

/// Turns this process into the program. Returns only where that fails, with the reason.
///
/// The guard has its signals blocked, which a child inherits, and `Command` does not undo it. Unblocking them in the
/// guard for the moment of the start would let a signal end it just then, with the program left behind.
fn exec(mut args: impl Iterator<Item = OsString>) -> String {
    let program = args.next().unwrap_or_default();
    let _ = SigSet::empty().thread_set_mask(); // fails for an invalid argument only
    let why = Command::new(&program).args(args).exec();
    format!("cannot start `{}`: {why}", program.to_string_lossy())
}

fn parse(
    mut args: impl Iterator<Item = OsString>,
) -> Result<(Duration, OsString, Vec<OsString>), String> {
    let usage = || format!("usage: {SUBCOMMAND} --grace DURATION -- PROGRAM ARGS...");
    let mut word = || args.next().ok_or_else(usage);
    if word()? != "--grace" {
        return Err(usage());
    }
    let grace = word()?.to_str().ok_or_else(usage)?.parse::<Span>()?.get();
    if word()? != "--" {
        return Err(usage());
    }
    Ok((grace, word()?, args.collect()))
}

/// Standard error may be closed, which is no reason to fail.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "sfgen: {message}");
}

/// How far the guard is with ending what it guards.
#[derive(Clone, Copy)]
enum Stage {
    /// The program runs and was not asked to end.
    Running,
    /// A SIGTERM was sent. What is left at that time is killed.
    Closing(Instant),
    /// A SIGKILL was sent. What is left at that time hangs in the kernel, and the guard gives up.
    Killing(Instant),
}

/// A command of the launcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GuardCommand {
    Terminate,
    Kill,
    LetGo,
}

struct Guard {
    grace: Duration,
    signals: SignalFd,
    program: Pid,
    /// How the program ended, once it has.
    ended: Option<ExitStatus>,
    stage: Stage,
    /// The processes that were sent a SIGTERM. Each gets one only, since many programs end at once at a second one.
    asked: BTreeSet<Pid>,
    line: Vec<u8>,
    /// Whether the pipe can still bring commands.
    listening: bool,
}

impl Guard {
    fn start(grace: Duration, program: &OsString, args: &[OsString]) -> Result<Self, String> {
        close_stray_files();
        let name = program.to_string_lossy();
        let fail = |why: Errno| format!("cannot guard `{name}`: {}", why.desc());
        prctl::set_child_subreaper(true).map_err(fail)?;
        let _ = prctl::set_name(c"sfgen-guard"); // for `ps` only
        // Blocked for good, the program gets an empty mask of its own in `exec`.
        let mut set = SigSet::empty();
        for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
        }
        set.add(Signal::SIGQUIT);
        set.thread_block().map_err(fail)?;
        let signals = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
            .map_err(fail)?;
        let child = Command::new("/proc/self/exe")
            .args([SUBCOMMAND, EXEC])
            .arg(program)
            .args(args)
            .stdin(Stdio::null())
            .process_group(0) // its `kill 0` shall not hit the guard
            .spawn()
            .map_err(|why| format!("cannot start `{name}`: {why}"))?;
        Ok(Self {
            grace,
            signals,
            program: pid(child.id()),
            ended: None,
            stage: Stage::Running,
            asked: BTreeSet::new(),
            line: Vec::new(),
            listening: true,
        })
    }

    fn run(mut self) -> ExitCode {
        loop {
            let anybody_left = self.reap();
            if let (false, Some(status)) = (anybody_left, self.ended) {
                return exit_code(status);
            }
            let now = Instant::now();
            match self.stage {
                Stage::Running if self.ended.is_some() => self.close(),
                Stage::Closing(deadline) if now >= deadline => self.kill(),
                Stage::Killing(deadline) if now >= deadline => {
                    complain("a killed process does not end; it hangs in the kernel");
                    return self.ended.map_or(ExitCode::from(128 + 9), exit_code);
                }
                Stage::Closing(_) if self.ended.is_some() => self.ask_the_rest(),
                Stage::Closing(_) | Stage::Running => {}
                Stage::Killing(_) => kill_all(),
            }
            for command in self.wait() {
                match command {
                    GuardCommand::Terminate => self.ask(self.program),
                    GuardCommand::Kill => self.kill(),
                    GuardCommand::LetGo => self.close(),
                }
            }
        }
    }

    /// Takes in every child that has ended; tells whether any is left.
    fn reap(&mut self) -> bool {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(who, code)) if who == self.program => {
                    self.ended = Some(ExitStatus::from_raw((code & 0xff) << 8));
                }
                Ok(WaitStatus::Signaled(who, signal, _)) if who == self.program => {
                    self.ended = Some(ExitStatus::from_raw(signal as i32));
                }
                Ok(WaitStatus::StillAlive) => return true,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// Sleeps until a command, a signal or the next deadline.
    fn wait(&mut self) -> Vec<GuardCommand> {
        let limit = match self.stage {
            Stage::Running => None,
            // Wakes up in time to look for descendants that are new.
            Stage::Closing(deadline) | Stage::Killing(deadline) => {
                Some(deadline.saturating_duration_since(Instant::now()).min(TICK))
            }
        };
        let limit = limit.map_or(PollTimeout::NONE, |limit| {
            // Rounded up: a timeout of zero would spin until the deadline.
            PollTimeout::try_from(limit + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let stdin = io::stdin();
        let mut files = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if self.listening {
            files.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut files, limit); // after EINTR the caller looks around, as after any signal
        let spoken = files.get(1).and_then(PollFd::any).unwrap_or(false);
        let mut commands = Vec::new();
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if i32::try_from(signal.ssi_signo) == Ok(Signal::SIGTERM as i32) {
                commands.push(GuardCommand::LetGo);
            }
        }
        if spoken {
            commands.extend(self.listen());
        }
        commands
    }

    /// Reads what the pipe holds, once: a second read could block.
    fn listen(&mut self) -> Vec<GuardCommand> {
        let mut bytes = [0; 256];
        // Not through the standard library's buffer: `poll` cannot see what is left over in it.
        let count = match nix::unistd::read(io::stdin(), &mut bytes) {
            Err(Errno::EINTR | Errno::EAGAIN) => return Vec::new(),
            Ok(0) | Err(_) => {
                self.listening = false;
                return vec![GuardCommand::LetGo];
            }
            Ok(count) => count,
        };
        let mut commands = Vec::new();
        for byte in &bytes[..count] {
            if *byte != b'\n' {
                if self.line.len() < LONGEST_COMMAND {
                    self.line.push(*byte);
                }
                continue;
            }
            match self.line.as_slice() {
                b"term" => commands.push(GuardCommand::Terminate),
                b"kill" => commands.push(GuardCommand::Kill),
                _ => {}
            }
            self.line.clear();
        }
        commands
    }

    /// Begins to end the program; does nothing where that was begun before.
    fn close(&mut self) {
        if matches!(self.stage, Stage::Running) {
            self.stage = Stage::Closing(Instant::now() + self.grace);
            if self.ended.is_none() {
                // As long as the program runs, it ends its children itself: Ray does so in an order of its own.
                self.ask(self.program);
            } else {
                self.ask_the_rest();
            }
        }
    }

    fn kill(&mut self) {
        if !matches!(self.stage, Stage::Killing(_)) {
            self.stage = Stage::Killing(Instant::now() + KILLING);
        }
        kill_all();
    }

    fn ask_the_rest(&mut self) {
        for who in descendants() {
            self.ask(who);
        }
    }

    fn ask(&mut self, who: Pid) {
        let reaped = who == self.program && self.ended.is_some();
        if !reaped && self.asked.insert(who) {
            let _ = kill(who, Signal::SIGTERM); // it may have ended meanwhile
            let _ = kill(who, Signal::SIGCONT); // a stopped process takes no SIGTERM until it goes on
        }
    }
}

/// Closes the files that were inherited open from the parent, before the guard opens its own.
fn close_stray_files() {
    let open = crate::fs::list(Utf8Path::new("/proc/self/fd")).unwrap_or_default();
    for number in open.iter().filter_map(|name| name.parse::<i32>().ok()).filter(|n| *n > 2) {
        let _ = nix::unistd::close(number); // the listing's own one is closed already
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("the kernel's process numbers are positive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Duration, OsString, Vec<OsString>), String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_program_follows_two_hyphens() {
        let (grace, program, args) = parsed("--grace 250ms -- sh -c --").unwrap();
        assert_eq!((grace, program), (Duration::from_millis(250), "sh".into()));
        assert_eq!(args, ["-c", "--"]);
        for wrong in ["", "--grace", "--grace 1s sh", "--grace 1s --", "--grace soon -- sh"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
