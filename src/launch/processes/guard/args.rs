//! The arguments by which sfgen becomes a guard, or the step before a program.

use std::{ffi::OsString, process::Command, time::Duration};

use camino::Utf8PathBuf;

use crate::types::Span;

/// The hidden subcommand under which sfgen runs itself as a guard.
pub const SUBCOMMAND: &str = "__guard";

/// Before the other arguments: the active guard, followed by its standby's process number.
pub(super) const ACTIVE: &str = "--active";
/// In place of all arguments: the step between guard and program, followed by the guard's process number.
pub(super) const EXEC: &str = "--exec";
/// In place of all arguments: the sweeper, followed by the launcher's folder.
pub const SWEEPER: &str = "--sweeper";

/// How long the program may take to end.
pub const GRACE: &str = "--grace";
/// The control group into which guards and program go, where there is one.
pub const CGROUP: &str = "--cgroup";

/// What a guard is given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Guarded {
    /// How long the program may take to end.
    pub(super) grace: Duration,
    /// Where guards and program go, among the files of the kernel.
    pub(super) cgroup: Option<Utf8PathBuf>,
    pub(super) program: OsString,
    pub(super) args: Vec<OsString>,
}

impl Guarded {
    /// Reads `--grace 10s [--cgroup FOLDER] -- PROGRAM ARGS...`.
    pub(super) fn parse(args: &[OsString]) -> Result<Self, String> {
        let usage =
            || format!("usage: {SUBCOMMAND} {GRACE} DURATION [{CGROUP} FOLDER] -- PROGRAM ARGS...");
        let (options, program) = match args.iter().position(|arg| arg == "--") {
            Some(hyphens) => (&args[..hyphens], &args[hyphens + 1..]),
            None => return Err(usage()),
        };
        let (grace, cgroup) = match options {
            [flag, grace] if flag == GRACE => (grace, None),
            [flag, grace, other, folder] if flag == GRACE && other == CGROUP => {
                (grace, Some(folder.to_str().ok_or_else(usage)?.into()))
            }
            _ => return Err(usage()),
        };
        let [program, args @ ..] = program else { return Err(usage()) };
        let grace = grace.to_str().ok_or_else(usage)?.parse::<Span>()?.get();
        Ok(Self { grace, cgroup, program: program.clone(), args: args.to_vec() })
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
        let grouped = parsed("--grace 1s --cgroup /sys/fs/cgroup/sfgen-7 -- sh --cgroup").unwrap();
        assert_eq!(grouped.cgroup.unwrap(), "/sys/fs/cgroup/sfgen-7");
        assert_eq!((guarded.cgroup, grouped.args), (None, vec![OsString::from("--cgroup")]));
        for wrong in ["", "--grace", "--grace 1s sh", "--grace 1s --", "--grace soon -- sh"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
