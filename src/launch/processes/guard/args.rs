//! The arguments by which sfgen becomes a guard, or the step before a program.

use std::{ffi::OsString, process::Command, time::Duration};

use crate::types::Span;

/// The hidden subcommand under which sfgen runs itself as a guard.
pub const SUBCOMMAND: &str = "__guard";

/// Before the other arguments: the active guard, followed by its standby's process number.
pub(super) const ACTIVE: &str = "--active";
/// In place of all arguments: the step between guard and program, followed by the guard's process number.
pub(super) const EXEC: &str = "--exec";
/// In place of all arguments: the sweeper, followed by the launcher's folder.
pub const SWEEPER: &str = "--sweeper";

/// What a guard is given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Guarded {
    /// How long the program may take to end.
    pub(super) grace: Duration,
    pub(super) program: OsString,
    pub(super) args: Vec<OsString>,
}

impl Guarded {
    /// Reads `--grace 10s -- PROGRAM ARGS...`.
    pub(super) fn parse(args: &[OsString]) -> Result<Self, String> {
        let usage = || format!("usage: {SUBCOMMAND} --grace DURATION -- PROGRAM ARGS...");
        match args {
            [flag, grace, hyphens, program, args @ ..] if flag == "--grace" && hyphens == "--" => {
                let grace = grace.to_str().ok_or_else(usage)?.parse::<Span>()?.get();
                Ok(Self { grace, program: program.clone(), args: args.to_vec() })
            }
            _ => Err(usage()),
        }
    }
}

/// This program as a child of this process, in one of the roles above.
pub(super) fn this(role: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.args([SUBCOMMAND, role]).arg(std::process::id().to_string());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Guarded, String> {
        let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
        Guarded::parse(&words)
    }

    #[test]
    fn the_program_follows_two_hyphens() {
        let guarded = parsed("--grace 250ms -- sh -c --").unwrap();
        assert_eq!((guarded.grace, guarded.program), (Duration::from_millis(250), "sh".into()));
        assert_eq!(guarded.args, ["-c", "--"]);
        for wrong in ["", "--grace", "--grace 1s sh", "--grace 1s --", "--grace soon -- sh"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
