//! The machine that is installed on, as far as an installation has to do with it.

use std::{
    io,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use nix::unistd::{Group, User, geteuid};

/// What an installation asks of a machine and does to it.
pub trait Machine {
    /// Where a path of the machine is found by this process. Files of an installation are read and written there.
    fn at(&self, path: &Utf8Path) -> Utf8PathBuf;
    /// The account of that name with its group; `None` where there is none.
    fn account(&self, name: &str) -> Option<Numbers>;
    /// Whether everything may be done.
    fn has_root(&self) -> bool;
    /// Runs a command to its end. An error means that it could not be started.
    fn run(&self, command: &[String], folder: &Utf8Path) -> io::Result<Ran>;
    /// What time it is.
    fn now(&self) -> Instant;
    /// Lets time pass.
    fn pause(&self, time: Duration);
}

/// The numbers of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Of its user.
    pub user: u32,
    /// Of the group that has its name, else of its main group.
    pub group: u32,
}

/// What came of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Its exit status; `None` where a signal ended it.
    pub status: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl Ran {
    /// Whether it did what it was to do.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == Some(0)
    }
}

/// The machine on which this process runs.
#[derive(Clone, Copy, Debug)]
pub struct ThisMachine;

impl Machine for ThisMachine {
    fn at(&self, path: &Utf8Path) -> Utf8PathBuf {
        path.to_owned()
    }

    fn account(&self, name: &str) -> Option<Numbers> {
        let user = User::from_name(name).ok()??;
        let group = Group::from_name(name).ok().flatten().map_or(user.gid, |group| group.gid);
        Some(Numbers { user: user.uid.as_raw(), group: group.as_raw() })
    }

    fn has_root(&self) -> bool {
        geteuid().is_root()
    }

    fn run(&self, command: &[String], folder: &Utf8Path) -> io::Result<Ran> {
        let (program, rest) = command.split_first().expect("a command names its program");
        let output = Command::new(program)
            .args(rest)
            .current_dir(folder)
            // What is read from their output is in one language everywhere.
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Ok(Ran { status: output.status.code(), stdout, stderr })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn pause(&self, time: Duration) {
        sleep(time);
    }
}
