//! What both guards and the step before the program have in common.

use std::{
    ffi::{CStr, OsStr},
    io::{self, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::{ExitCode, ExitStatus},
    time::Duration,
};

use camino::Utf8Path;
use nix::{
    errno::Errno,
    sys::{
        prctl,
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{Pid, getppid},
};

/// Exit status where the program could not be started, as shells use it.
pub(super) const NOT_STARTED: u8 = 127;

/// How long a program may take to end once its launcher is gone, and its descendants once the program is. Grace periods
/// are for an orderly end, which somebody waits for.
pub(super) const ABANDONED: Duration = Duration::from_secs(1);

/// Standard error may be closed, which is no reason to fail.
pub(super) fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "sfgen: {message}");
}

/// Closes the files that were inherited open from the parent, before a guard opens its own.
pub(super) fn close_stray_files() {
    let open = crate::fs::list(Utf8Path::new("/proc/self/fd")).unwrap_or_default();
    for number in open.iter().filter_map(|name| name.parse::<i32>().ok()).filter(|n| *n > 2) {
        let _ = nix::unistd::close(number); // the listing's own one is closed already
    }
}

/// Makes this process the one to which the orphans among its descendants fall, and its signals readable.
///
/// The signals stay blocked for good; [`super::program`] gives the program an empty mask of its own.
pub(super) fn become_guard(name: &CStr) -> Result<SignalFd, Errno> {
    prctl::set_child_subreaper(true)?;
    let _ = prctl::set_name(name); // for `ps` only
    let mut set = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        set.add(signal);
    }
    set.add(Signal::SIGQUIT);
    set.add(PARENT_DIED);
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// The signal by which the kernel tells the active guard that its standby is dead.
pub(super) const PARENT_DIED: Signal = Signal::SIGUSR1;

/// Has the kernel send `signal` to this process when its parent dies. `false` where the parent is dead already.
pub(super) fn die_with(parent: &OsStr, signal: Signal) -> bool {
    // Without it a killed guard is still noticed by the process above it, only later.
    let _ = prctl::set_pdeathsig(signal);
    let number = parent.to_str().and_then(|parent| parent.parse().ok());
    number.is_some_and(|number| getppid() == Pid::from_raw(number))
}

/// The exit status that tells a parent how a child ended, as shells do.
pub(super) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}

/// The process number of a child.
pub(super) fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("the kernel's process numbers are positive"))
}
