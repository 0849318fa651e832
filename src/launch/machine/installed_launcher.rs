//! The launcher that was installed for a party: it has an account of its own, and its socket lies where the plan says.

use std::{
    fs::{File, TryLockError},
    io::ErrorKind,
};

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;

use super::state::{Instance, SOCKET, is_run_folder, read_instance};
use crate::{
    fs::{self, FsError},
    plan::{launcher_run_folder, unit},
    types::{PartyName, ProcessName, TopologyName},
};

/// Why an installed launcher cannot be asked.
#[derive(Debug, Error, Diagnostic)]
pub enum InstalledLauncherError {
    /// It does not run.
    #[error("the launcher of {party} does not run on this machine")]
    #[diagnostic(
        code(SF0780),
        help(
            "`sudo sfgen apply --party {party}` installs and starts it; `journalctl -u {unit}` tells why it ended"
        )
    )]
    Down {
        /// Whose launcher.
        party: PartyName,
        /// Its unit.
        unit: String,
    },
    /// It is for root and for its own account.
    #[error("only root and the launcher's own account may ask the launcher of {party}")]
    #[diagnostic(code(SF0781), help("run the command as root: `sudo sfgen ...`"))]
    NotAllowed {
        /// Whose launcher.
        party: PartyName,
    },
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// That no launcher runs for the party.
#[must_use]
pub fn down(topology: &TopologyName, party: &PartyName) -> InstalledLauncherError {
    let unit = unit(topology, party, &ProcessName::Launcher);
    InstalledLauncherError::Down { party: party.clone(), unit }
}

/// The launcher of a party that runs now, with its socket; `None` where none does.
pub fn installed_launcher(
    topology: &TopologyName,
    party: &PartyName,
) -> Result<Option<(Instance, Utf8PathBuf)>, InstalledLauncherError> {
    let folder = Utf8PathBuf::from(launcher_run_folder(topology, party));
    find(&folder).map_err(|why| match why.kind() {
        ErrorKind::PermissionDenied => InstalledLauncherError::NotAllowed { party: party.clone() },
        _ => why.into(),
    })
}

fn find(folder: &Utf8Path) -> Result<Option<(Instance, Utf8PathBuf)>, FsError> {
    let names = match fs::list(folder) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
        listed => listed?,
    };
    for name in names.iter().filter(|name| is_run_folder(name)) {
        let run = folder.join(name);
        // One that has just ended removed it. What a killed one left its unit removes.
        let (Ok(lock), Some(instance)) = (File::open(&run), read_instance(&run)) else { continue };
        if matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return Ok(Some((instance, run.join(SOCKET))));
        }
    }
    Ok(None)
}
