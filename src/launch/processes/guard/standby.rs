//! The standby guard: waits above the active one, and ends what is left when that one is killed.
//!
//! It reads no command. Of the pipe it only notices the end: an active guard that hangs, or was stopped, must not keep
//! the run of a dead launcher.

use std::{
    ffi::OsString,
    io,
    os::{fd::AsFd as _, unix::process::ExitStatusExt as _},
    process::{ExitCode, ExitStatus},
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
    super::{cgroup, descendants::kill_all},
    args::{ACTIVE, Guarded, this},
    setup::{become_guard, close_stray_files, exit_code, pid},
};

/// How long after the launcher's end the active guard may take. It needs a little more than [`super::setup::ABANDONED`].
const OVERDUE: Duration = Duration::from_millis(1500);
/// How often killed processes are looked for that have not ended yet.
const TICK: Duration = Duration::from_millis(20);
/// How long the kernel gets to end a killed process.
const KILLING: Duration = Duration::from_secs(5);

/// Starts the active guard with the arguments of this one, and lasts as long as it.
pub(super) fn stand_by(guarded: &Guarded, args: &[OsString]) -> Result<ExitCode, String> {
    close_stray_files();
    if let Some(group) = &guarded.cgroup {
        let _ = cgroup::enter(group); // without it, guards end all that descends from them
    }
    let signals = become_guard(c"sfgen-standby")
        .map_err(|why| format!("cannot guard a program: {}", why.desc()))?;
    let child = this(ACTIVE).args(args).spawn();
    let child = child.map_err(|why| format!("cannot start a guard: {why}"))?;
    Ok(Standby { signals, active: pid(child.id()), ended: None, deadline: None }.run())
}

struct Standby {
    signals: SignalFd,
    active: Pid,
    /// How the active guard ended, once it has.
    ended: Option<ExitStatus>,
    /// Until when all must be gone, once the launcher is.
    deadline: Option<Instant>,
}

impl Standby {
    fn run(mut self) -> ExitCode {
        let mut killing = None;
        loop {
            let anybody_left = self.reap();
            if !anybody_left {
                return self.end();
            }
            let is_overdue = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if self.ended.is_some() || is_overdue {
                let since = *killing.get_or_insert_with(Instant::now);
                if since.elapsed() > KILLING {
                    return self.end();
                }
                kill_all();
            }
            self.wait(killing.is_some());
        }
    }

    /// Ends as the active guard did: the launcher learns of a killed guard by a killed one.
    fn end(&self) -> ExitCode {
        match self.ended {
            Some(status) if status.signal().is_some() => {
                let _ = kill(Pid::this(), Signal::SIGKILL);
                exit_code(status)
            }
            Some(status) => exit_code(status),
            None => ExitCode::from(128 + 9),
        }
    }

    /// Takes in every child that has ended; tells whether any is left.
    fn reap(&mut self) -> bool {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
                // Stopped, it would neither see its program end nor take a command, and the run would last for ever.
                Ok(WaitStatus::Stopped(who, _)) if who == self.active => {
                    let _ = kill(who, Signal::SIGCONT); // it may have been killed meanwhile
                }
                Ok(WaitStatus::Exited(who, code)) if who == self.active => {
                    self.ended = Some(ExitStatus::from_raw((code & 0xff) << 8));
                }
                Ok(WaitStatus::Signaled(who, signal, _)) if who == self.active => {
                    self.ended = Some(ExitStatus::from_raw(signal as i32));
                }
                Ok(WaitStatus::StillAlive) => return true,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// Sleeps until a child ends, the launcher does, or it is time to look again.
    fn wait(&mut self, killing: bool) {
        let left = match self.deadline {
            _ if killing => Some(TICK),
            Some(deadline) => Some(deadline.saturating_duration_since(Instant::now())),
            None => None,
        };
        let limit = left.map_or(PollTimeout::NONE, |left| {
            // Rounded up: a timeout of zero would spin until the deadline.
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let stdin = io::stdin();
        let mut files = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if self.deadline.is_none() {
            // Nothing is asked for, so only the end of the pipe is told.
            files.push(PollFd::new(stdin.as_fd(), PollFlags::empty()));
        }
        let _ = poll(&mut files, limit); // after EINTR the caller looks around, as after any signal
        if files.get(1).and_then(PollFd::any).unwrap_or(false) {
            self.deadline = Some(Instant::now() + OVERDUE);
        }
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if i32::try_from(signal.ssi_signo) == Ok(Signal::SIGTERM as i32) {
                let _ = kill(self.active, Signal::SIGTERM); // it may have ended meanwhile
            }
        }
    }
}
