//! What an installed launcher needs on its machine: an account, its copy of what the topology's folder has, and a folder
//! for what it writes.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    plan::{Action, Location, Program},
    types::Account,
};

use super::{
    files::{KEY_COPY, copy_for_all, grant_read, plain_key},
    target::{Scope, TREE},
};

/// The steps, in order; `home` is that of the account of services and jobs, with the virtual environment.
pub(super) fn steps(scope: &Scope<'_>, launcher: &Account, home: &Utf8Path) -> Vec<Action> {
    let at = |location| scope.host.launcher_locations.get(&location).map(Utf8Path::new);
    let (Some(root), Some(own_home)) = (at(Location::Root), at(Location::Home)) else {
        return Vec::new();
    };
    let Some(logs) = at(Location::Logs) else { return Vec::new() };
    let system: Account = "root".parse().expect("an account of every system");
    let folder = |path: &Utf8Path, owner: &Account, mode: &str| Action::CreateFolder {
        path: path.to_owned(),
        owner: owner.clone(),
        mode: mode.to_owned(),
    };
    let mut steps = vec![
        Action::CreateAccount {
            account: launcher.clone(),
            home: own_home.as_str().parse().expect("accounts have plain names"),
        },
        folder(logs, launcher, "0700"),
        folder(root, &system, "0755"),
        Action::CopyTree { from: TREE.into(), to: root.join(TREE) },
    ];
    if scope.plan.secretflow.is_some() {
        // It reads there which releases are installed, which the parties compare.
        let folders = vec![home.to_owned()];
        steps.push(Action::GrantSearch { folders, user: launcher.to_string() });
    }
    for file in public(scope) {
        steps.push(copy_for_all(file.clone(), root.join(file)));
    }
    for file in inputs(scope) {
        if file.is_absolute() {
            steps.extend(grant_read(&file, launcher.as_str()));
        } else {
            let to = root.join(&file);
            let (owner, mode) = (launcher.clone(), "0600".to_owned());
            steps.push(Action::CopyFile { from: file, to, owner, mode });
        }
    }
    // systemd alone reads it there.
    let key = scope.plan.identity.as_ref().map(|identity| &identity.key);
    if let Some(key) = key.filter(|key| plain_key(key).is_none()) {
        let (from, to) = (key.clone(), root.join(KEY_COPY));
        steps.push(Action::CopyFile { from, to, owner: system, mode: "0600".to_owned() });
    }
    steps
}

/// The files beside the tree that it reads and that are no secret: certificates, and scripts of jobs.
fn public(scope: &Scope<'_>) -> BTreeSet<Utf8PathBuf> {
    let identity = scope.plan.identity.iter();
    let certificates = identity.flat_map(|identity| [identity.ca.clone(), identity.cert.clone()]);
    let scripts = scope.plan.jobs.values().filter_map(|job| match &job.program {
        Program::Script { path, .. } => Some(Utf8PathBuf::from(path)),
        Program::Sum | Program::External => None,
    });
    certificates.chain(scripts).filter(|file| file.is_relative()).collect()
}

/// The files with the party's numbers for sums.
fn inputs(scope: &Scope<'_>) -> BTreeSet<Utf8PathBuf> {
    scope.plan.jobs.values().filter_map(|job| job.input_file.clone()).collect()
}
