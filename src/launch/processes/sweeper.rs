//! The launcher's end of its sweeper.

use std::{io, process::Stdio};

use camino::Utf8Path;
use tokio::process::{Child, Command};

use super::{GuardProgram, guard};

/// A process that removes a folder when this one is killed, which cannot do it then.
#[derive(Debug)]
pub struct Sweeper(Child);

impl Sweeper {
    /// Starts it. It waits for the end of this process, and does nothing before.
    pub fn start(program: &GuardProgram, folder: &Utf8Path) -> io::Result<Self> {
        let mut command = Command::new(program.path());
        command.arg0("sfgen").args([guard::SUBCOMMAND, guard::SWEEPER, folder.as_str()]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0).kill_on_drop(true);
        program.start(&mut command).map(Self)
    }

    /// Ends it: this process has removed the folder itself.
    pub async fn end(mut self) {
        let _ = self.0.kill().await; // somebody may have killed it before
    }
}
