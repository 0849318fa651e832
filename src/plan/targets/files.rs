//! The steps that let accounts at files of their machine: keys, secrets and data.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    plan::{Access, Action, Process},
    types::MachinePath,
};

use super::target::Scope;

/// Every process of a host, those of jobs too.
fn processes<'a>(scope: &'a Scope<'_>) -> impl Iterator<Item = &'a Process> {
    let is_main = *scope.host_name == scope.plan.main_host;
    let jobs = scope.plan.jobs.values().filter(move |_| is_main);
    scope.host.processes.iter().chain(jobs.filter_map(|job| job.process.as_ref()))
}

/// A copy of a file that everybody may read, and only root may change.
pub(super) fn copy_for_all(from: Utf8PathBuf, to: Utf8PathBuf) -> Action {
    let owner = "root".parse().expect("an account of every system");
    Action::CopyFile { from, to, owner, mode: "0644".to_owned() }
}

/// What the launcher's copy of the party's key is called, in the folder that it has in place of the topology's.
pub(super) const KEY_COPY: &str = "identity.key";

/// A key that systemd reads where it lies: it is not beside the topology, and each setting of a unit can name it. Of another
/// one the launcher has a copy.
pub(super) fn plain_key(key: &Utf8Path) -> Option<MachinePath> {
    key.is_absolute().then(|| key.as_str().parse().ok()).flatten()
}

/// Lets an account read a file that is closed to others, through the folders above it.
pub(super) fn grant_read(path: &Utf8Path, user: &str) -> Vec<Action> {
    let mut folders = closed_folders(path);
    folders.reverse();
    let read = Action::GrantRead { path: path.to_owned(), user: user.to_owned() };
    if folders.is_empty() {
        return vec![read];
    }
    vec![Action::GrantSearch { folders, user: user.to_owned() }, read]
}

/// The folders above a file that may be closed to others, the innermost first. Those at the top of the system are open.
fn closed_folders(path: &Utf8Path) -> Vec<Utf8PathBuf> {
    let above = path.ancestors().skip(1).filter(|folder| !folder.as_str().is_empty());
    let is_top = |folder: &&Utf8Path| folder.is_absolute() && folder.components().count() < 3;
    above.filter(|folder| !is_top(folder)).map(Utf8Path::to_owned).collect()
}

/// Sees whether the data is there, and open to the account that works with it; `user` is that of processes without an
/// image of their own.
pub(super) fn check_access(scope: &Scope<'_>, user: &str) -> Vec<Action> {
    let own = processes(scope).filter(|process| process.image.is_none());
    let mounts = own.flat_map(|process| &process.paths).filter(|used| used.mounted_at.is_some());
    let mounts: BTreeSet<_> =
        mounts.map(|used| (used.path.to_string(), used.access == Access::Write)).collect();
    let checks = mounts.into_iter().filter_map(|(path, writes)| {
        let access = if writes { Access::Write } else { Access::Read };
        Some(Action::CheckAccess { path: path.parse().ok()?, access, user: user.to_owned() })
    });
    checks.collect()
}

/// Lets the account of processes without an image of their own read the secrets that they open at their own place or
/// through a mount.
pub(super) fn grant_secrets(
    scope: &Scope<'_>,
    user: &str,
    is_opened: fn(&Process) -> bool,
) -> Vec<Action> {
    let own = processes(scope).filter(|process| process.image.is_none() && is_opened(process));
    let files: BTreeSet<_> =
        own.flat_map(|process| &process.secrets).map(|secret| secret.file.as_path()).collect();
    files.into_iter().flat_map(|file| grant_read(file, user)).collect()
}
