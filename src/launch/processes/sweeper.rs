//! The launcher's end of its sweeper.

use std::{io, process::Stdio};

use camino::Utf8Path;
use tokio::process::{Child, Command};

use super::{
    GuardProgram,
    cgroup::{self, Cgroup},
    guard,
};

/// A process that cleans up when this one is killed, which cannot do it then: it removes a folder, and ends what is left
/// in the control group of `program`.
#[derive(Debug)]
pub struct Sweeper {
    child: Child,
    cgroup: Option<Cgroup>,
}

impl Sweeper {
    /// Starts it. It waits for the end of this process, and does nothing before.
    pub fn start(program: &GuardProgram, folder: &Utf8Path) -> io::Result<Self> {
        let mut command = Command::new(program.path());
        command.arg0("sfgen").args([guard::SUBCOMMAND, guard::SWEEPER, folder.as_str()]);
        command.args(program.cgroup().map(Cgroup::folder));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0).kill_on_drop(true);
        let child = program.start(&mut command)?;
        Ok(Self { child, cgroup: program.cgroup().cloned() })
    }

    /// Ends it: this process has removed the folder itself, and nothing is left of what it started.
    pub async fn end(mut self) {
        let _ = self.child.kill().await; // somebody may have killed it before
        if let Some(cgroup) = self.cgroup {
            let _ = cgroup::remove(cgroup.folder()); // the next launcher tries again
        }
    }
}
