//! Where a launcher keeps what it needs while it runs, and what outlives it.
//!
//! The state folder holds logs and virtual environments. The run folder holds sockets: their paths may have 107
//! characters (Linux, `sockaddr_un`), of which Ray adds about 65 behind its temp dir, so it must be short.

use std::{
    fs::{File, Metadata, TryLockError},
    io::ErrorKind,
    os::unix::fs::MetadataExt as _,
    thread::sleep,
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use nix::unistd::getuid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    fs::{self, FsError, Kind},
    launch::processes::remove_abandoned,
    types::{Digest, HostName, PartyName, TopologyName},
};

/// The longest run folder of a deployment: with Ray's part it must stay below 107 characters.
const RUN_FOLDER_MAX: usize = 40;

/// For how long at most a folder is locked by who removes what a killed launcher left.
const SWEPT_WITHIN: Duration = Duration::from_millis(300);
/// How soon a lock is tried again.
const LOCK_AGAIN: Duration = Duration::from_millis(10);

/// Why there is no place for a launcher.
#[derive(Debug, Error, Diagnostic)]
pub enum StateError {
    /// Sockets in the run folder would have paths that are too long.
    #[error("the run folder `{path}` is longer than {RUN_FOLDER_MAX} characters")]
    #[diagnostic(
        code(SF0880),
        help("Ray's socket paths end at 107 characters: name a shorter folder in SFGEN_RUN_DIR")
    )]
    TooLong {
        /// The folder.
        path: Utf8PathBuf,
    },
    /// Another launcher has this deployment.
    #[error("{party} is up already: another `sfgen` of this tree runs as process {pid}")]
    #[diagnostic(code(SF0881), help("`sfgen status` shows it, `sfgen stop` ends it"))]
    Busy {
        /// Whose launcher.
        party: PartyName,
        /// Its process number, or `?` where it has not written it yet.
        pid: String,
    },
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// The folders of all deployments of this user.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Logs and virtual environments.
    pub state: Utf8PathBuf,
    /// Sockets.
    pub run: Utf8PathBuf,
}

impl Folders {
    /// The folders that the environment names: `SFGEN_STATE`, else `XDG_STATE_HOME/sfgen`, else `~/.local/state/sfgen`; `SFGEN_RUN_DIR`,
    /// else `XDG_RUNTIME_DIR/sfgen`, else `/tmp/sfgen-UID`.
    #[must_use]
    pub fn from_env() -> Self {
        let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let state = var("SFGEN_STATE")
            .or_else(|| var("XDG_STATE_HOME").map(|folder| format!("{folder}/sfgen")))
            .or_else(|| var("HOME").map(|home| format!("{home}/.local/state/sfgen")));
        let run = var("SFGEN_RUN_DIR")
            .or_else(|| var("XDG_RUNTIME_DIR").map(|folder| format!("{folder}/sfgen")));
        let fallback = format!("/tmp/sfgen-{}", getuid());
        Self {
            state: state.unwrap_or_else(|| format!("{fallback}/state")).into(),
            run: run.unwrap_or(fallback).into(),
        }
    }
}

/// One party's place on this machine, held by one launcher.
#[derive(Debug)]
pub struct Deployment {
    /// Logs.
    pub logs: Utf8PathBuf,
    /// Shared by all deployments: virtual environments.
    pub state: Utf8PathBuf,
    /// Sockets and Ray's temp dir; removed at the end.
    pub run: Utf8PathBuf,
    lock: File,
}

/// What a running launcher says of itself, for `status` and `stop`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// The topology.
    pub topology: TopologyName,
    /// The party.
    pub party: PartyName,
    /// The launcher's process.
    pub pid: u32,
    /// Where its logs are.
    #[schemars(with = "String")]
    pub logs: Utf8PathBuf,
}

const INSTANCE: &str = "instance.json";
const SOCKET: &str = "control.sock";

/// Whose launcher it is that has a place on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The tree that it carries out.
    pub tree: &'a Utf8Path,
    /// The topology's name.
    pub topology: &'a TopologyName,
    /// The party.
    pub party: &'a PartyName,
    /// The host, where it is not the first of its party: hosts of one party may share a machine.
    pub further_host: Option<&'a HostName>,
}

/// The run folder of an owner, whether or not a launcher runs there.
pub fn run_folder(folders: &Folders, owner: Owner<'_>) -> Result<Utf8PathBuf, FsError> {
    let mut place = format!("{}\n{}", fs::resolve(owner.tree)?, owner.party);
    if let Some(host) = owner.further_host {
        place = format!("{place}\n{host}");
    }
    Ok(folders.run.join(&Digest::of(place.as_bytes()).to_string()[..8]))
}

impl Deployment {
    /// Takes the owner's place; fails where a launcher has it.
    pub fn take(folders: &Folders, owner: Owner<'_>) -> Result<Self, StateError> {
        let Owner { topology, party, .. } = owner;
        fs::private_folder(&folders.run)?;
        let run = run_folder(folders, owner)?;
        if run.as_str().len() > RUN_FOLDER_MAX {
            return Err(StateError::TooLong { path: run });
        }
        let Some(lock) = lock(&run)? else {
            let pid = read_instance(&run).map(|instance| instance.pid.to_string());
            let pid = pid.unwrap_or_else(|| "?".to_owned());
            return Err(StateError::Busy { party: party.clone(), pid });
        };
        let name = run.file_name().expect("it has just been joined");
        let logs = folders.state.join(format!("{topology}-{party}-{name}")).join("logs");
        fs::create_folder(&logs, 0o700)?;
        let instance = Instance {
            topology: topology.clone(),
            party: party.clone(),
            pid: std::process::id(),
            logs: logs.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&instance).expect("it has string keys");
        fs::write_atomically(&run.join(INSTANCE), &bytes, 0o600)?;
        Ok(Self { logs, state: folders.state.clone(), run, lock })
    }

    /// The socket on which this launcher takes requests.
    #[must_use]
    pub fn socket(&self) -> Utf8PathBuf {
        self.run.join(SOCKET)
    }

    /// Ray's temp dir.
    #[must_use]
    pub fn ray(&self) -> Utf8PathBuf {
        self.run.join("ray")
    }
}

/// Makes the run folder and locks it; `None` where a launcher has it.
///
/// What a killed launcher left is removed by several processes, each of which locks the folder for that moment. So a lock
/// that is taken is tried again for a while, and one on a folder that was removed meanwhile is worth nothing.
fn lock(run: &Utf8Path) -> Result<Option<File>, FsError> {
    let begun = Instant::now();
    loop {
        fs::private_folder(run)?;
        let opened = match File::open(run) {
            Err(why) if why.kind() == ErrorKind::NotFound => continue,
            opened => opened.map_err(|why| FsError::new("open", run, why))?,
        };
        match opened.try_lock() {
            Ok(()) if is_at(&opened, run) => return Ok(Some(opened)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if begun.elapsed() > SWEPT_WITHIN => return Ok(None),
            Err(TryLockError::WouldBlock) => sleep(LOCK_AGAIN),
            Err(TryLockError::Error(why)) => return Err(FsError::new("lock", run, why)),
        }
    }
}

/// Whether an open folder is the one that has this path now.
fn is_at(folder: &File, path: &Utf8Path) -> bool {
    let number = |meta: Metadata| (meta.dev(), meta.ino());
    let both =
        folder.metadata().and_then(|open| Ok((number(open), number(path.symlink_metadata()?))));
    both.is_ok_and(|(open, there)| open == there)
}

impl Drop for Deployment {
    fn drop(&mut self) {
        // Another launcher may take the place as soon as the lock is gone, so its content goes first. What cannot be
        // removed now is found and replaced by the next launcher.
        let _ = fs::remove_folder(&self.run);
        let _ = self.lock.unlock();
    }
}

fn read_instance(run: &Utf8Path) -> Option<Instance> {
    let bytes = fs::read_if_exists(&run.join(INSTANCE)).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// The launchers of this user that run now, with their sockets, by topology and party.
pub fn instances(folders: &Folders) -> Result<Vec<(Instance, Utf8PathBuf)>, FsError> {
    if fs::kind(&folders.run)? != Kind::Folder {
        return Ok(Vec::new());
    }
    let mut running = Vec::new();
    for name in fs::list(&folders.run)? {
        let run = folders.run.join(name);
        let Ok(lock) = File::open(&run) else { continue };
        let Some(instance) = read_instance(&run) else { continue };
        if matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            running.push((instance, run.join(SOCKET)));
            continue;
        }
        // The lock is free, so no launcher runs: it was killed, and its sweeper as well.
        drop(lock);
        remove_abandoned(&run)?;
    }
    running.sort_by(|(a, _), (b, _)| (&a.topology, &a.party).cmp(&(&b.topology, &b.party)));
    Ok(running)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, Folders, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let tree = root.join("generated");
        fs::create_folder(&tree, 0o755).unwrap();
        let folders = Folders { state: root.join("state"), run: root.join("r") };
        (folder, folders, tree)
    }

    #[test]
    fn a_second_launcher_of_a_party_is_told_who_has_its_place() {
        let (_folder, folders, tree) = place();
        let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
        let owner = Owner { tree: &tree, topology: &topology, party: &party, further_host: None };
        let first = Deployment::take(&folders, owner).unwrap();
        let second = Deployment::take(&folders, owner).unwrap_err();
        assert!(second.to_string().contains(&std::process::id().to_string()), "{second}");
        assert_eq!(instances(&folders).unwrap().len(), 1);
        let run = first.run.clone();
        drop(first);
        assert_eq!(fs::kind(&run).unwrap(), Kind::Absent, "nothing stays behind");
        assert!(instances(&folders).unwrap().is_empty());
        Deployment::take(&folders, owner).unwrap();
    }

    #[test]
    fn hosts_of_a_party_on_one_machine_have_places_of_their_own() {
        let (_folder, folders, tree) = place();
        let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
        let host = "alice-2".parse().unwrap();
        let owner = Owner { tree: &tree, topology: &topology, party: &party, further_host: None };
        let _first = Deployment::take(&folders, owner).unwrap();
        let _second =
            Deployment::take(&folders, Owner { further_host: Some(&host), ..owner }).unwrap();
    }

    #[test]
    fn what_a_killed_launcher_left_is_removed_by_whoever_looks_and_nothing_else_is() {
        let (_folder, folders, tree) = place();
        let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
        let owner = Owner { tree: &tree, topology: &topology, party: &party, further_host: None };
        let first = Deployment::take(&folders, owner).unwrap();
        let (run, left) = (first.run.clone(), fs::read(&first.run.join(INSTANCE)).unwrap());
        drop(first);
        fs::private_folder(&run).unwrap();
        fs::write_atomically(&run.join(INSTANCE), &left, 0o600).unwrap();
        let other = folders.run.join("state");
        fs::private_folder(&other).unwrap();
        assert!(instances(&folders).unwrap().is_empty());
        assert_eq!(fs::kind(&run).unwrap(), Kind::Absent);
        assert_eq!(fs::kind(&other).unwrap(), Kind::Folder);
    }
}
