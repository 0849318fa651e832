//! The active guard: starts the program, takes the launcher's commands, and ends all that the program leaves.
//!
//! As a child subreaper it inherits what its descendants leave behind. Hence "no child is left" means "no descendant is
//! left", and nothing is left when it exits.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io,
    os::{
        fd::AsFd as _,
        unix::process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{ExitCode, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{Signal, kill},
        signalfd::SignalFd,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{
    super::descendants::{descendants, kill_all},
    args::{EXEC, Guarded, this},
    setup::{
        ABANDONED, PARENT_DIED, become_guard, close_stray_files, complain, die_with, exit_code, pid,
    },
};

/// How often new descendants are looked for while the old ones are being ended.
const TICK: Duration = Duration::from_millis(50);
/// How long the kernel gets to end a killed process. One that hangs in it cannot be ended by anybody.
const KILLING: Duration = Duration::from_secs(5);
/// Commands are shorter, so a line that is longer is none and is not kept.
const LONGEST_COMMAND: usize = 64;

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

/// What a guard is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GuardCommand {
    /// The launcher asks the program to end, and waits.
    Terminate,
    /// The launcher has no more patience.
    Kill,
    /// Somebody asks the guard itself to end.
    Close,
    /// Launcher or standby is gone.
    Abandon,
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

/// Starts the program as a child and lasts until it and all of its descendants have ended.
pub(super) fn guard(guarded: &Guarded, standby: &OsStr) -> Result<ExitCode, String> {
    close_stray_files();
    let name = guarded.program.to_string_lossy();
    let signals = become_guard(c"sfgen-guard")
        .map_err(|why| format!("cannot guard `{name}`: {}", why.desc()))?;
    if !die_with(standby, PARENT_DIED) {
        return Err(format!("`{name}` is not started: the launcher is gone"));
    }
    let child = this(EXEC)
        .arg(&guarded.program)
        .args(&guarded.args)
        .stdin(Stdio::null())
        .process_group(0) // its `kill 0` shall not hit the guard
        .spawn()
        .map_err(|why| format!("cannot start `{name}`: {}", crate::fs::reason(&why)))?;
    let guard = Guard {
        grace: guarded.grace,
        signals,
        program: pid(child.id()),
        ended: None,
        stage: Stage::Running,
        asked: BTreeSet::new(),
        line: Vec::new(),
        listening: true,
    };
    Ok(guard.run())
}

impl Guard {
    fn run(mut self) -> ExitCode {
        loop {
            let anybody_left = self.reap();
            if let (false, Some(status)) = (anybody_left, self.ended) {
                return exit_code(status);
            }
            let now = Instant::now();
            match self.stage {
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
                    GuardCommand::Close => self.close(self.grace),
                    GuardCommand::Abandon => self.close(ABANDONED),
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
                    self.close(ABANDONED);
                }
                Ok(WaitStatus::Signaled(who, signal, _)) if who == self.program => {
                    self.ended = Some(ExitStatus::from_raw(signal as i32));
                    self.close(ABANDONED);
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
            match i32::try_from(signal.ssi_signo) {
                Ok(number) if number == Signal::SIGTERM as i32 => {
                    commands.push(GuardCommand::Close);
                }
                Ok(number) if number == PARENT_DIED as i32 => commands.push(GuardCommand::Abandon),
                _ => {}
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
                return vec![GuardCommand::Abandon];
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

    /// Begins to end the program, which may take as long as the grace period, and at most `within`. Asked again, it may
    /// only take less time.
    fn close(&mut self, within: Duration) {
        let deadline = Instant::now() + self.grace.min(within);
        match self.stage {
            Stage::Running if self.ended.is_none() => {
                // As long as the program runs, it ends its children itself: Ray does so in an order of its own.
                self.stage = Stage::Closing(deadline);
                self.ask(self.program);
            }
            Stage::Running => {
                self.stage = Stage::Closing(deadline);
                self.ask_the_rest();
            }
            Stage::Closing(before) => self.stage = Stage::Closing(before.min(deadline)),
            Stage::Killing(_) => {}
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
