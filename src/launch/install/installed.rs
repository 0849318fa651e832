//! Looking at what the steps of an installation would make: is it there, is it as planned?

use camino::Utf8Path;

use super::{
    InstallError,
    difference::{Planned, Seen},
    machine::Machine,
    record::Record,
    site::Site,
    target::Target,
    tree_copy,
};
use crate::{
    fs::{self, Kind},
    plan::{Action, Stage, Step},
    types::Digest,
};

/// Looks at what each step of the stage [`Stage::Install`] would make. Steps that only look are left out.
pub fn look(
    site: &Site<'_>,
    target: &Target,
    record: &Record,
) -> Result<Vec<Planned>, InstallError> {
    let steps = site.steps(Stage::Install);
    let steps = steps.filter(|step| !matches!(step.action, Action::CheckAccess { .. }));
    steps.map(|step| look_at(site, target, record, &step)).collect()
}

fn look_at(
    site: &Site<'_>,
    target: &Target,
    record: &Record,
    step: &Step,
) -> Result<Planned, InstallError> {
    let planned = |seen, digest| Ok(Planned { step: step.clone(), seen, digest });
    match &step.action {
        Action::CopyFile { from, to, owner, mode } => {
            let content = site.content(from)?;
            let seen = file(site, to, &content, owner.as_str(), mode)?;
            planned(seen, Digest::of(&content))
        }
        Action::CopyTree { to, .. } => {
            planned(tree_copy::seen(site, to)?, tree_copy::planned_digest(site)?)
        }
        action => {
            let made_from = made_from(site, target, action)?;
            let seen = match action {
                Action::CreateAccount { account, .. } => {
                    present(site.machine.account(account.as_str()).is_some())
                }
                Action::CreateFolder { path, owner, mode } => {
                    folder(site, path, owner.as_str(), mode)?
                }
                Action::CreateEnvironment { folder, .. } => {
                    // One that was cut off is made again.
                    let is_whole = record.entry(action).is_none_or(|entry| entry.is_done);
                    let python = site.machine.at(&folder.join("bin/python"));
                    present(is_whole && python.exists())
                }
                Action::GrantRead { path, user } => present(is_granted(site, path, user, 'r')),
                Action::GrantSearch { folders, user } => {
                    present(folders.iter().all(|folder| is_granted(site, folder, user, 'x')))
                }
                Action::InstallPackages { .. } => Seen::Untold,
                _ => (target.seen)(site, action)?,
            };
            planned(seen, Digest::of(&made_from))
        }
    }
}

fn present(is_there: bool) -> Seen {
    if is_there { Seen::AsPlanned } else { Seen::Absent }
}

/// What says whether a step has to be done again: how it is done, and the content of what it is done with.
fn made_from(site: &Site<'_>, target: &Target, action: &Action) -> Result<Vec<u8>, InstallError> {
    let mut bytes = action.command().join("\0").into_bytes();
    if let Action::InstallPackages { requirements, .. } = action {
        // The list is copied by a step before, from a file of the same name.
        let copied = site.steps(Stage::Install).find_map(|step| match step.action {
            Action::CopyFile { from, to, .. } if to == *requirements => Some(from),
            _ => None,
        });
        if let Some(from) = copied {
            bytes.extend(site.content(&from)?);
        }
    }
    bytes.extend((target.made_from)(site, action)?);
    Ok(bytes)
}

fn file(
    site: &Site<'_>,
    path: &Utf8Path,
    content: &[u8],
    owner: &str,
    mode: &str,
) -> Result<Seen, InstallError> {
    let here = site.machine.at(path);
    match fs::kind(&here)? {
        Kind::Absent => Ok(Seen::Absent),
        Kind::Folder | Kind::Other => Ok(Seen::Other { digest: Some(Digest::of(&[])) }),
        Kind::File { .. } => {
            let found = fs::read(&here)?;
            if found != content {
                return Ok(Seen::Other { digest: Some(Digest::of(&found)) });
            }
            owned(site, path, owner, mode)
        }
    }
}

/// The digest of an installed file, or of a copy of a tree; `None` where there is none.
pub(super) fn installed_digest(
    machine: &dyn Machine,
    path: &Utf8Path,
) -> Result<Option<Digest>, InstallError> {
    if fs::kind(&machine.at(path))? == Kind::Folder {
        return Ok(Some(tree_copy::found_digest(&machine.at(path))?));
    }
    Ok(fs::read_if_exists(&machine.at(path))?.map(|content| Digest::of(&content)))
}

fn folder(site: &Site<'_>, path: &Utf8Path, owner: &str, mode: &str) -> Result<Seen, InstallError> {
    match fs::kind(&site.machine.at(path))? {
        Kind::Folder => owned(site, path, owner, mode),
        _ => Ok(Seen::Absent),
    }
}

fn owned(site: &Site<'_>, path: &Utf8Path, owner: &str, mode: &str) -> Result<Seen, InstallError> {
    let found = fs::ownership(&site.machine.at(path))?;
    let is_planned = site.machine.account(owner).is_some_and(|numbers| {
        (found.user, found.group) == (numbers.user, numbers.group)
            && Some(found.mode) == u32::from_str_radix(mode, 8).ok()
    });
    Ok(if is_planned { Seen::AsPlanned } else { Seen::Other { digest: None } })
}

/// Whether an account was let at a file: `getfacl` prints a line `user:NAME:r--` for it.
fn is_granted(site: &Site<'_>, path: &Utf8Path, user: &str, permission: char) -> bool {
    let command = ["getfacl", "--omit-header", "--absolute-names", "--", path.as_str()];
    let command: Vec<String> = command.map(String::from).into();
    // A machine without the program cannot have let anybody in; the step itself tells that it is missing.
    let Ok(ran) = site.machine.run(&command, &site.side.root) else { return false };
    let start = format!("user:{user}:");
    let given = ran.stdout.lines().find_map(|line| line.strip_prefix(&start));
    given.is_some_and(|given| {
        given.split_whitespace().next().is_some_and(|p| p.contains(permission))
    })
}
