//! Where a launcher keeps what it needs while it runs, and what outlives it.
//!
//! The state folder holds logs and virtual environments. The run folder holds sockets: their paths may have 107
//! characters (Linux, `sockaddr_un`), of which Ray adds about 65 behind its temp dir, so it must be short.

use std::{
    fs::{File, TryLockError},
    io::ErrorKind,
    os::unix::net::UnixListener,
    thread::sleep,
    time::{Duration, Instant},
};

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use nix::unistd::{User, getuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    fs::{self, FolderLock, ForeignFolder, FsError, Kind, OwnershipError},
    launch::processes::remove_abandoned,
    types::{Digest, HostName, PartyName, TopologyName},
};

/// The longest run folder of a deployment: with Ray's part it must stay below 107 characters.
const RUN_FOLDER_MAX: usize = 40;

/// How many digits name the run folder of one deployment.
const RUN_FOLDER_NAME: usize = 8;

/// Names the folder of state.
const STATE_VARIABLE: &str = "SFGEN_STATE";
/// Names the folder of sockets.
const RUN_VARIABLE: &str = "SFGEN_RUN_DIR";
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
    /// Somebody else has a hand in a folder that must be ours.
    #[error("{why}, so nothing is put there")]
    #[diagnostic(
        code(SF0878),
        help("name a folder of your own in {variable}, or let `{}` be yours alone with mode 0700", why.path())
    )]
    Foreign {
        /// Which folder, and what is wrong with it.
        why: ForeignFolder,
        /// The variable that names another one.
        variable: &'static str,
    },
    /// Nothing says where state lives.
    #[error("there is no folder for logs and virtual environments: this account has no home")]
    #[diagnostic(
        code(SF0879),
        help("set HOME, or name a folder of your own in SFGEN_STATE; `/tmp` is open to everybody")
    )]
    NoHome,
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// Names in [`StateError::Foreign`] the variable by which another folder is chosen.
fn chosen_by(variable: &'static str) -> impl Fn(OwnershipError) -> StateError {
    move |why| match why {
        OwnershipError::Foreign(why) => StateError::Foreign { why, variable },
        OwnershipError::Fs(why) => StateError::Fs(why),
    }
}

/// The folders of all deployments of this user.
#[derive(Clone, Debug)]
pub struct Folders {
    /// Logs and virtual environments; `None` where nothing says where they could be. A folder that everybody may write
    /// to, such as `/tmp`, is no place for programs.
    pub state: Option<Utf8PathBuf>,
    /// Sockets.
    pub run: Utf8PathBuf,
}

impl Folders {
    /// The folders of this process: `SFGEN_STATE`, else `XDG_STATE_HOME/sfgen`, else `.local/state/sfgen` in `HOME` or,
    /// without that, in the home that the system knows of the account; `SFGEN_RUN_DIR`, else `/tmp/sfgen-UID`, whose owner
    /// is checked before it is used.
    ///
    /// Launchers of one account find each other through the run folder. So it must not follow from variables that differ
    /// between a login, `su`, cron and a unit, such as `XDG_RUNTIME_DIR`.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok(), accounts_home)
    }

    fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
        accounts_home: impl FnOnce() -> Option<String>,
    ) -> Self {
        let var = |name| variable(name).filter(|value| !value.is_empty());
        let state = var(STATE_VARIABLE)
            .or_else(|| var("XDG_STATE_HOME").map(|folder| format!("{folder}/sfgen")))
            .or_else(|| {
                let home = var("HOME").or_else(accounts_home)?;
                Some(format!("{home}/.local/state/sfgen"))
            });
        let run = var(RUN_VARIABLE);
        let fallback = format!("/tmp/sfgen-{}", getuid());
        Self { state: state.map(Utf8PathBuf::from), run: run.unwrap_or(fallback).into() }
    }
}

/// The home of this account as the system knows it. An account without one often has `/`, where it can keep nothing.
fn accounts_home() -> Option<String> {
    let home = User::from_uid(getuid()).ok()??.dir.into_os_string().into_string().ok()?;
    (home.starts_with('/') && home != "/").then_some(home)
}

/// One party's place on this machine, held by one launcher.
#[derive(Debug)]
pub struct Deployment {
    /// Logs.
    pub logs: Utf8PathBuf,
    /// Shared by all deployments: virtual environments.
    pub venvs: Utf8PathBuf,
    /// Sockets and Ray's temp dir; removed at the end.
    pub run: Utf8PathBuf,
    /// The socket of its requests. Clients that come before it is served wait in the system's queue.
    listener: UnixListener,
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
pub(super) const SOCKET: &str = "control.sock";

/// Whose launcher it is that has a place on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The tree that it carries out.
    pub tree: &'a Utf8Path,
    /// The topology's name.
    pub topology: &'a TopologyName,
    /// The party.
    pub party: &'a PartyName,
    /// Whether Ray keeps its sockets elsewhere, so that the run folder may be longer.
    pub ray_is_elsewhere: bool,
    /// The host, where it is not the first of its party: hosts of one party may share a machine.
    pub further_host: Option<&'a HostName>,
}

/// The run folder of an owner, whether or not a launcher runs there.
pub fn run_folder(folders: &Folders, owner: Owner<'_>) -> Result<Utf8PathBuf, FsError> {
    let mut place = format!("{}\n{}", fs::resolve(owner.tree)?, owner.party);
    if let Some(host) = owner.further_host {
        place = format!("{place}\n{host}");
    }
    Ok(folders.run.join(&Digest::of(place.as_bytes()).to_string()[..RUN_FOLDER_NAME]))
}

/// Whether a name in the folder of all run folders is one that [`run_folder`] gives.
pub(super) fn is_run_folder(name: &str) -> bool {
    name.len() == RUN_FOLDER_NAME && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Deployment {
    /// Takes the owner's place; fails where a launcher has it.
    pub fn take(folders: &Folders, owner: Owner<'_>) -> Result<Self, StateError> {
        let Owner { topology, party, .. } = owner;
        fs::private_folder(&folders.run).map_err(chosen_by(RUN_VARIABLE))?;
        let run = run_folder(folders, owner)?;
        if !owner.ray_is_elsewhere && run.as_str().len() > RUN_FOLDER_MAX {
            return Err(StateError::TooLong { path: run });
        }
        let Some(lock) = lock(&run)? else {
            let pid = read_instance(&run).map(|instance| instance.pid.to_string());
            let pid = pid.unwrap_or_else(|| "?".to_owned());
            return Err(StateError::Busy { party: party.clone(), pid });
        };
        // What a killed launcher said of itself does not hold for this one.
        fs::remove_file(&run.join(INSTANCE))?;
        let name = run.file_name().expect("it has just been joined");
        // Others may be able to look into the folder of all state, which may have been made by hand, but not further.
        let state = folders.state.as_ref().ok_or(StateError::NoHome)?;
        fs::own_folder(state).map_err(chosen_by(STATE_VARIABLE))?;
        let venvs = state.join("venvs");
        let own = state.join(format!("{topology}-{party}-{name}"));
        let logs = own.join("logs");
        for folder in [&venvs, &own, &logs] {
            fs::private_folder(folder).map_err(chosen_by(STATE_VARIABLE))?;
        }
        // The folders may have been made before the disk was mounted read-only.
        fs::check_writable(&logs)?;
        let instance = Instance {
            topology: topology.clone(),
            party: party.clone(),
            pid: std::process::id(),
            logs: logs.clone(),
        };
        let listener = listen(&run.join(SOCKET))?;
        // Who finds it finds the socket as well.
        let bytes = serde_json::to_vec_pretty(&instance).expect("it has string keys");
        fs::write_atomically(&run.join(INSTANCE), &bytes, 0o600)?;
        Ok(Self { logs, venvs, run, listener, lock })
    }

    /// The socket on which this launcher takes requests, bound and not blocking.
    pub fn listener(&self) -> Result<UnixListener, FsError> {
        let fail = |why| FsError::new("listen on", &self.run.join(SOCKET), why);
        self.listener.try_clone().map_err(fail)
    }

    /// The copy of the verified files of the tree from which everything runs.
    #[must_use]
    pub fn tree(&self) -> Utf8PathBuf {
        self.run.join("tree")
    }

    /// The folder of the copies of job scripts, one folder for each request.
    #[must_use]
    pub fn scripts(&self) -> Utf8PathBuf {
        self.run.join("scripts")
    }

    /// Ray's temp dir.
    #[must_use]
    pub fn ray(&self) -> Utf8PathBuf {
        self.run.join("ray")
    }
}

/// Binds the socket of a place that was taken. What a killed launcher left there is replaced.
fn listen(socket: &Utf8Path) -> Result<UnixListener, FsError> {
    fs::remove_file(socket)?;
    let bound = UnixListener::bind(socket).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    bound.map_err(|why| FsError::new("listen on", socket, why))
}

/// Makes the run folder and locks it; `None` where a launcher has it.
///
/// What a killed launcher left is removed by several processes, each of which locks the folder for that moment. So a lock
/// that is taken is tried again for a while, and a folder that was removed meanwhile is made again.
fn lock(run: &Utf8Path) -> Result<Option<File>, StateError> {
    let begun = Instant::now();
    loop {
        fs::private_folder(run).map_err(chosen_by(RUN_VARIABLE))?;
        match fs::lock_folder(run)? {
            FolderLock::Taken(lock) => return Ok(Some(lock)),
            FolderLock::Gone => {}
            FolderLock::Busy if begun.elapsed() > SWEPT_WITHIN => return Ok(None),
            FolderLock::Busy => sleep(LOCK_AGAIN),
        }
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        // Another launcher may take the place as soon as the lock is gone, so its content goes first. What cannot be
        // removed now is found and replaced by the next launcher.
        let _ = fs::remove_folder(&self.run);
        let _ = self.lock.unlock();
    }
}

pub(super) fn read_instance(run: &Utf8Path) -> Option<Instance> {
    let bytes = fs::read_if_exists(&run.join(INSTANCE)).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// The launchers of this user that run now, with their sockets, by topology and party. A folder that somebody else has in
/// the place of one of ours is an error, as it is for a launcher that would start: nobody can say what runs there.
pub fn instances(folders: &Folders) -> Result<Vec<(Instance, Utf8PathBuf)>, StateError> {
    if fs::kind(&folders.run)? == Kind::Absent {
        return Ok(Vec::new());
    }
    fs::check_private_folder(&folders.run).map_err(chosen_by(RUN_VARIABLE))?;
    let mut running = Vec::new();
    for name in fs::list(&folders.run)? {
        if !is_run_folder(&name) {
            continue;
        }
        let run = folders.run.join(name);
        match fs::check_private_folder(&run) {
            // A launcher that has just ended removed it.
            Err(OwnershipError::Fs(why)) if why.kind() == ErrorKind::NotFound => continue,
            checked => checked.map_err(chosen_by(RUN_VARIABLE))?,
        }
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
mod tests;
