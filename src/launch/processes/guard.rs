//! The guards: two small processes between the launcher and each program, so that nothing outlives a killed launcher.
//!
//! ```text
//! launcher --- standby guard --- active guard --- program and its descendants
//! ```
//!
//! Commands come one per line on their standard input, a pipe that the launcher holds: `term` asks the program to end,
//! `kill` ends everything at once. The end of that pipe means that the launcher has ended, in whatever way, or
//! no longer needs the program. A guard exits with the program's status; 128 and the signal's number where a signal
//! ended it. A guard does not know what it runs, restarts nothing and writes no log.
//!
//! # Who may be killed
//!
//! Launcher and guards are child subreapers: each inherits what its descendants leave behind, daemons in sessions of
//! their own included. So as long as one of the three is alive, it finds all that the others leave, and ends it:
//!
//! - without the launcher, the active guard ends the program: politely, and after a second at the latest by force;
//! - without the active guard, the kernel kills the program, and the standby whatever is left of it; it then ends by
//!   SIGKILL itself, which tells the launcher;
//! - without the standby, the kernel tells the active guard, and the launcher ends both (`orphans`).
//!
//! Beside them, one sweeper per launcher removes the launcher's folder of sockets where it was killed.
//!
//! Where all three are killed at once, the kernel still kills the program. Daemons that it started before are ended by
//! the sweeper, where the launcher could make a control group for them (`cgroup`), and are left otherwise.

mod active;
mod args;
mod program;
mod setup;
mod standby;
mod sweeper;

use std::{ffi::OsString, process::ExitCode};

use args::{ACTIVE, EXEC, Guarded};
pub use args::{CGROUP, GRACE, SUBCOMMAND, SWEEPER};
use setup::{NOT_STARTED, complain};
pub use sweeper::remove_abandoned;

/// Runs a guard with the arguments that follow [`SUBCOMMAND`]: `--grace 10s [--cgroup FOLDER] -- PROGRAM ARGS...`.
#[must_use]
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let ended = match &args[..] {
        [role, guard, program @ ..] if role == EXEC => Err(program::exec(guard, program)),
        [role, standby, guarded @ ..] if role == ACTIVE => {
            Guarded::parse(guarded).and_then(|guarded| active::guard(&guarded, standby))
        }
        [role, folders @ ..] if role == SWEEPER => sweeper::main(folders),
        guarded => Guarded::parse(guarded).and_then(|parsed| standby::stand_by(&parsed, guarded)),
    };
    ended.unwrap_or_else(|why| {
        complain(&why);
        ExitCode::from(NOT_STARTED)
    })
}
