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
use nix::unistd::{User, getuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    fs::{self, ForeignFolder, FsError, Kind, OwnershipError},
    launch::processes::remove_abandoned,
    types::{Digest, HostName, PartyName, TopologyName},
};

/// The longest run folder of a deployment: with Ray's part it must stay below 107 characters.
const RUN_FOLDER_MAX: usize = 40;

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
        fs::private_folder(&folders.run).map_err(chosen_by(RUN_VARIABLE))?;
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
        // Others may be able to look into the folder of all state, which may have been made by hand, but not further.
        let state = folders.state.as_ref().ok_or(StateError::NoHome)?;
        fs::own_folder(state).map_err(chosen_by(STATE_VARIABLE))?;
        let venvs = state.join("venvs");
        let own = state.join(format!("{topology}-{party}-{name}"));
        let logs = own.join("logs");
        for folder in [&venvs, &own, &logs] {
            fs::private_folder(folder).map_err(chosen_by(STATE_VARIABLE))?;
        }
        let instance = Instance {
            topology: topology.clone(),
            party: party.clone(),
            pid: std::process::id(),
            logs: logs.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&instance).expect("it has string keys");
        fs::write_atomically(&run.join(INSTANCE), &bytes, 0o600)?;
        Ok(Self { logs, venvs, run, lock })
    }

    /// The socket on which this launcher takes requests.
    #[must_use]
    pub fn socket(&self) -> Utf8PathBuf {
        self.run.join(SOCKET)
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

/// Makes the run folder and locks it; `None` where a launcher has it.
///
/// What a killed launcher left is removed by several processes, each of which locks the folder for that moment. So a lock
/// that is taken is tried again for a while, and one on a folder that was removed meanwhile is worth nothing.
fn lock(run: &Utf8Path) -> Result<Option<File>, StateError> {
    let begun = Instant::now();
    loop {
        fs::private_folder(run).map_err(chosen_by(RUN_VARIABLE))?;
        let opened = match File::open(run) {
            Err(why) if why.kind() == ErrorKind::NotFound => continue,
            opened => opened.map_err(|why| FsError::new("open", run, why))?,
        };
        match opened.try_lock() {
            Ok(()) if is_at(&opened, run) => return Ok(Some(opened)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if begun.elapsed() > SWEPT_WITHIN => return Ok(None),
            Err(TryLockError::WouldBlock) => sleep(LOCK_AGAIN),
            Err(TryLockError::Error(why)) => return Err(FsError::new("lock", run, why).into()),
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
        let folders = Folders { state: Some(root.join("state")), run: root.join("r") };
        (folder, folders, tree)
    }

    #[test]
    fn the_run_folder_follows_from_the_account_unless_it_is_named() {
        let login = |name: &str| {
            let value = match name {
                "XDG_RUNTIME_DIR" => "/run/user/1000",
                "HOME" => "/home/alice",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let cron = |name: &str| (name == "HOME").then(|| "/home/alice".to_owned());
        let run = |variable: &dyn Fn(&str) -> Option<String>| {
            Folders::from_variables(variable, || None).run
        };
        assert_eq!(run(&login), run(&cron));
        assert_eq!(run(&login), format!("/tmp/sfgen-{}", getuid()));
        let named = |name: &str| (name == "SFGEN_RUN_DIR").then(|| "/run/sfgen".to_owned());
        assert_eq!(run(&named), "/run/sfgen");
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
    fn state_lives_in_a_home_and_never_where_everybody_can_write() {
        let state = |variables: &[(&str, &str)], home: Option<&str>| {
            let variable = |name: &str| {
                let set = variables.iter().find(|(known, _)| *known == name);
                set.map(|(_, value)| (*value).to_owned())
            };
            Folders::from_variables(variable, || home.map(str::to_owned)).state
        };
        let at = |path: &str| Some(Utf8PathBuf::from(path));
        let all = [("SFGEN_STATE", "/s"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(state(&all, None), at("/s"));
        assert_eq!(state(&all[1..], None), at("/x/sfgen"));
        assert_eq!(state(&all[2..], Some("/known")), at("/h/.local/state/sfgen"));
        assert_eq!(state(&[("HOME", "")], Some("/known")), at("/known/.local/state/sfgen"));
        assert_eq!(state(&[], None), None);
    }

    /// Gives a folder to somebody else, where we may; otherwise lets everybody write to it.
    fn squat(folder: &Utf8Path) {
        fs::create_folder(folder, 0o700).unwrap();
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(folder, Some(65534), None).unwrap();
        } else {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
            std::fs::set_permissions(folder, mode).unwrap();
        }
    }

    #[test]
    fn a_folder_that_somebody_else_was_first_to_make_is_told_with_the_way_out() {
        let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
        for (squatted, variable) in
            [("r", "SFGEN_RUN_DIR"), ("state", "SFGEN_STATE"), ("state/venvs", "SFGEN_STATE")]
        {
            let (_folder, folders, tree) = place();
            squat(&tree.with_file_name(squatted));
            let owner =
                Owner { tree: &tree, topology: &topology, party: &party, further_host: None };
            let why = Deployment::take(&folders, owner).unwrap_err();
            assert!(why.to_string().contains(&format!("/{squatted}` ")), "{why}");
            let help = why.help().unwrap().to_string();
            assert!(help.contains(&format!("name a folder of your own in {variable}")), "{help}");
        }
    }

    #[test]
    fn without_a_home_nothing_is_kept_where_everybody_can_write() {
        let (_folder, folders, tree) = place();
        let folders = Folders { state: None, ..folders };
        let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
        let owner = Owner { tree: &tree, topology: &topology, party: &party, further_host: None };
        let why = Deployment::take(&folders, owner).unwrap_err();
        assert!(matches!(why, StateError::NoHome), "{why}");
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
