//! Taking one step back. What is gone already is no error: it may have been taken back by hand.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    InstallError, docker, firewall,
    machine::Machine,
    record::{Entry, OpenRecord},
    site::run,
};
use crate::{
    fs::{self, Ownership},
    plan::Action,
};

/// Takes back what a recorded step did, and forgets it.
pub(super) fn take_back(
    machine: &dyn Machine,
    open: &mut OpenRecord,
    action: &Action,
) -> Result<(), InstallError> {
    let Some(entry) = open.record.entry(action).cloned() else { return Ok(()) };
    match &entry.step.action {
        Action::CopyFile { to, .. } => {
            restore(machine, open, &entry, to)?;
            remove_folders(machine, &entry.folders);
        }
        Action::CreateFolder { path, .. } => {
            if entry.before.is_some() {
                restore(machine, open, &entry, path)?;
            } else {
                fs::remove_folder(&machine.at(path))?;
            }
            remove_folders(machine, &entry.folders);
        }
        Action::CopyTree { to, .. } => {
            fs::remove_folder(&machine.at(to))?;
            remove_folders(machine, &entry.folders);
        }
        Action::CreateEnvironment { folder, .. } => fs::remove_folder(&machine.at(folder))?,
        Action::CreateAccount { account, home } => {
            if machine.account(account.as_str()).is_some() {
                undo(machine, action)?;
            }
            remove_untouched_home(machine, Utf8Path::new(home.as_str()))?;
        }
        Action::GrantRead { path, .. } => {
            if machine.at(path).exists() {
                undo(machine, action)?;
            }
        }
        Action::GrantSearch { folders, .. } => {
            if folders.iter().all(|folder| machine.at(folder).exists()) {
                undo(machine, action)?;
            }
        }
        Action::LoadFirewall { table, .. } => firewall::unload(machine, open, table)?,
        Action::CreateNetwork { network, .. } => {
            if docker::is_unused(machine, network)? {
                undo(machine, action)?;
            }
        }
        other => undo(machine, other)?,
    }
    open.record.forget(action);
    open.save()
}

fn undo(machine: &dyn Machine, action: &Action) -> Result<(), InstallError> {
    action.undo().map_or(Ok(()), |undo| run(machine, &undo, Utf8Path::new("/")))
}

/// Puts back what a step replaced; where that was nothing, what it made goes.
fn restore(
    machine: &dyn Machine,
    open: &OpenRecord,
    entry: &Entry,
    path: &Utf8Path,
) -> Result<(), InstallError> {
    let here = machine.at(path);
    let Some(before) = &entry.before else { return Ok(fs::remove_file(&here)?) };
    if let Some(content) = before.content {
        fs::write_atomically(&here, &fs::read(&open.kept(content))?, 0o600)?;
    }
    let (mode, user, group) = (before.mode, before.user, before.group);
    Ok(fs::set_ownership(&here, Ownership { mode, user, group })?)
}

/// Removes folders that were made for a step, from the innermost; one in which something else lies by now stays.
fn remove_folders(machine: &dyn Machine, folders: &[Utf8PathBuf]) {
    for folder in folders.iter().rev() {
        fs::remove_empty_folder(&machine.at(folder));
    }
}

/// Where new homes get their first files from (useradd(8)).
const SKELETON: &str = "/etc/skel";

/// Removes a home in which there is nothing but the files with which it was made; data stays.
fn remove_untouched_home(machine: &dyn Machine, home: &Utf8Path) -> Result<(), InstallError> {
    let (home, skeleton) = (machine.at(home), machine.at(Utf8Path::new(SKELETON)));
    let Ok(names) = fs::list(&skeleton) else { return Ok(()) };
    for name in names {
        let (ours, first) = (home.join(&name), skeleton.join(&name));
        if matches!((fs::read(&ours), fs::read(&first)), (Ok(ours), Ok(first)) if ours == first) {
            fs::remove_file(&ours)?;
        }
    }
    fs::remove_empty_folder(&home);
    Ok(())
}
