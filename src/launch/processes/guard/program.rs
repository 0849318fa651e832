//! The step between guard and program.

use std::{
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt as _,
    process::Command,
};

use nix::sys::signal::{SigSet, Signal};

use super::setup::die_with;

/// Turns this process into the program. Returns only where that fails, with the reason.
///
/// From here on the kernel kills this process when its guard dies. That holds beyond the start of the program, but not
/// for what the program forks.
///
/// The guard has its signals blocked, which a child inherits, and `Command` does not undo it. Unblocking them in the
/// guard for the moment of the start would let a signal end it just then, with the program left behind.
pub(super) fn exec(guard: &OsStr, command: &[OsString]) -> String {
    let Some((program, args)) = command.split_first() else {
        return "there is no program to start".to_owned();
    };
    let name = program.to_string_lossy();
    if !die_with(guard, Signal::SIGKILL) {
        return format!("`{name}` is not started: its guard is gone");
    }
    let _ = SigSet::empty().thread_set_mask(); // fails for an invalid argument only
    let why = Command::new(program).args(args).exec();
    format!("cannot start `{name}`: {}", crate::fs::reason(&why))
}
