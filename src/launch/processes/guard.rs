//! The guard: a small process between the launcher and each program, so that nothing outlives a killed launcher.
//!
//! In come orders, one per line on its standard input, a pipe that the launcher holds: `term` asks the program to
//! end, `kill` ends everything at once. The end of that pipe means that the launcher is gone or has let go, however
//! it ended. Out goes the program's exit status, 128 and the signal's number where a signal ended it. A guard does
//! not know what it runs, restarts nothing and writes no log.
//!
//! As a child subreaper it inherits what its descendants leave behind, daemons in sessions of their own included.
//! Hence "no child is left" means "no descendant is left", and nothing is left when it exits.

use std::{
    collections::{BTreeMap, BTreeSet},
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
/// An order is a word; a longer line is none and need not be kept.
const LONGEST_ORDER: usize = 64;

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

/// Nobody may be left to read this, which is no reason to fail.
fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "sfgen: {message}");
}

/// How far the end has come.
#[derive(Clone, Copy)]
enum Stage {
    /// The program runs, and nobody wants it to end.
    Running,
    /// Whoever is left has until then to end on a SIGTERM.
    Closing(Instant),
    /// Whoever is left is killed; after that time nobody can end it.
    Killing(Instant),
}

/// What the launcher orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
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
    /// Who has been sent a SIGTERM; once is enough, since a second one cuts a tidy end short in many programs.
    asked: BTreeSet<Pid>,
    line: Vec<u8>,
    /// Whether the pipe can still bring orders.
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
            for order in self.wait() {
                match order {
                    Order::Terminate => self.ask(self.program),
                    Order::Kill => self.kill(),
                    Order::LetGo => self.close(),
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

    /// Sleeps until an order, a signal or the next deadline.
    fn wait(&mut self) -> Vec<Order> {
        let limit = match self.stage {
            Stage::Running => None,
            // The next look at `run`'s table: more descendants may have appeared.
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
        let _ = poll(&mut files, limit); // EINTR is a reason to look around as good as any
        let spoken = files.get(1).and_then(PollFd::any).unwrap_or(false);
        let mut orders = Vec::new();
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if i32::try_from(signal.ssi_signo) == Ok(Signal::SIGTERM as i32) {
                orders.push(Order::LetGo);
            }
        }
        if spoken {
            orders.extend(self.listen());
        }
        orders
    }

    /// Reads what the pipe holds, once: a second read could block.
    fn listen(&mut self) -> Vec<Order> {
        let mut bytes = [0; 256];
        // Past the standard library's buffer, in which `poll` cannot see what is left over.
        let count = match nix::unistd::read(io::stdin(), &mut bytes) {
            Err(Errno::EINTR | Errno::EAGAIN) => return Vec::new(),
            Ok(0) | Err(_) => {
                self.listening = false;
                return vec![Order::LetGo];
            }
            Ok(count) => count,
        };
        let mut orders = Vec::new();
        for byte in &bytes[..count] {
            if *byte != b'\n' {
                if self.line.len() < LONGEST_ORDER {
                    self.line.push(*byte);
                }
                continue;
            }
            match self.line.as_slice() {
                b"term" => orders.push(Order::Terminate),
                b"kill" => orders.push(Order::Kill),
                _ => {}
            }
            self.line.clear();
        }
        orders
    }

    /// Starts the end; an end under way is not begun anew.
    fn close(&mut self) {
        if matches!(self.stage, Stage::Running) {
            self.stage = Stage::Closing(Instant::now() + self.grace);
            if self.ended.is_none() {
                // Its own children are its own to end, as long as it is there: Ray's order matters to Ray.
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
        }
    }
}

/// Looks again at once as long as there are new ones: whoever forks while being looked for is met the next time.
fn kill_all() {
    let mut killed = BTreeSet::new();
    loop {
        let fresh: Vec<Pid> = descendants().difference(&killed).copied().collect();
        if fresh.is_empty() {
            return;
        }
        for who in fresh {
            let _ = kill(who, Signal::SIGKILL); // it may have ended meanwhile
            killed.insert(who);
        }
    }
}

/// Every process below this one.
fn descendants() -> BTreeSet<Pid> {
    let mut children: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
    let processes = procfs::process::all_processes().into_iter().flatten().flatten();
    for stat in processes.filter_map(|process| process.stat().ok()) {
        children.entry(Pid::from_raw(stat.ppid)).or_default().push(Pid::from_raw(stat.pid));
    }
    let mut found = BTreeSet::new();
    let mut open = vec![Pid::this()];
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            found.insert(child);
            open.push(child);
        }
    }
    found
}

/// Closes what a careless parent of sfgen left open, before anything of our own is.
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
