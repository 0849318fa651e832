//! Doing one step. What is noted of it is on the disk before the machine is changed.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    InstallError, docker,
    record::{Before, OpenRecord},
    site::Site,
    tree_copy,
};
use crate::{
    fs::{self, FsError, Kind, Ownership},
    plan::{Action, Step},
    types::{Account, Digest},
};

/// Does a step and notes it.
pub(super) fn perform(
    site: &Site<'_>,
    open: &mut OpenRecord,
    step: &Step,
    digest: Digest,
) -> Result<(), InstallError> {
    let path = match &step.action {
        Action::CopyFile { to: path, .. }
        | Action::CopyTree { to: path, .. }
        | Action::CreateFolder { path, .. } => Some(path),
        _ => None,
    };
    if let Some(path) = path {
        refuse_foreign_links(site, path)?;
    }
    let is_first = open.record.entry(&step.action).is_none();
    let before = match path {
        Some(path) if is_first => before(site, open, path)?,
        _ => None,
    };
    let folders = path.map(|path| absent_folders(site, path)).transpose()?.unwrap_or_default();
    let entry = open.record.begin(step, digest);
    entry.before = entry.before.take().or(before);
    entry.folders.extend(
        folders.iter().filter(|new| !entry.folders.contains(new)).cloned().collect::<Vec<_>>(),
    );
    open.save()?;
    for folder in &folders {
        fs::create_folder(&site.machine.at(folder), 0o755)?;
    }
    match &step.action {
        Action::CopyFile { from, to, owner, mode } => copy(site, from, to, owner, mode)?,
        Action::CopyTree { to, .. } => tree_copy::copy(site, to)?,
        Action::CreateFolder { path, owner, mode } => folder(site, path, owner, mode)?,
        // Another party of the machine may have made it.
        Action::CreateNetwork { network, .. } if docker::has_network(site.machine, network)? => {}
        action => site.run(action)?,
    }
    open.record.finish(&step.action);
    open.save()
}

/// What is at a path that a step changes, the content of a file included.
fn before(
    site: &Site<'_>,
    open: &OpenRecord,
    path: &Utf8Path,
) -> Result<Option<Before>, InstallError> {
    let here = site.machine.at(path);
    let content = match fs::kind(&here)? {
        Kind::File { .. } => Some(open.keep(&fs::read(&here)?)?),
        Kind::Folder => None,
        Kind::Absent | Kind::Other => return Ok(None),
    };
    let Ownership { mode, user, group } = fs::ownership(&here)?;
    Ok(Some(Before { mode, user, group, content }))
}

/// Files are put below the homes of accounts, who could have a link there that leads what root writes elsewhere.
fn refuse_foreign_links(site: &Site<'_>, path: &Utf8Path) -> Result<(), InstallError> {
    for folder in path.ancestors().skip(1) {
        let here = site.machine.at(folder);
        if fs::kind(&here)? == Kind::Other && !fs::is_own_or_roots(fs::ownership(&here)?.user) {
            let why = std::io::Error::other("a link of another account stands in the way");
            return Err(FsError::new("go through", folder, why).into());
        }
    }
    Ok(())
}

/// The folders above a path that are not there, from the outermost.
fn absent_folders(site: &Site<'_>, path: &Utf8Path) -> Result<Vec<Utf8PathBuf>, InstallError> {
    let mut absent = Vec::new();
    for folder in path.ancestors().skip(1) {
        if fs::kind(&site.machine.at(folder))? != Kind::Absent {
            break;
        }
        absent.push(folder.to_owned());
    }
    absent.reverse();
    Ok(absent)
}

fn copy(
    site: &Site<'_>,
    from: &Utf8Path,
    to: &Utf8Path,
    owner: &Account,
    mode: &str,
) -> Result<(), InstallError> {
    let content = site.content(from)?;
    let (here, ownership) = (site.machine.at(to), ownership(site, to, owner, mode)?);
    // Nobody but its owner reads it before it is whole and theirs.
    fs::write_atomically(&here, &content, 0o600)?;
    Ok(fs::set_ownership(&here, ownership)?)
}

fn folder(
    site: &Site<'_>,
    path: &Utf8Path,
    owner: &Account,
    mode: &str,
) -> Result<(), InstallError> {
    let (here, ownership) = (site.machine.at(path), ownership(site, path, owner, mode)?);
    fs::create_folder(&here, 0o700)?;
    Ok(fs::set_ownership(&here, ownership)?)
}

fn ownership(
    site: &Site<'_>,
    path: &Utf8Path,
    owner: &Account,
    mode: &str,
) -> Result<Ownership, InstallError> {
    let fail = |why: String| {
        let why = std::io::Error::new(std::io::ErrorKind::InvalidInput, why);
        FsError::new("set owner and mode of", path, why)
    };
    let numbers = site.machine.account(owner.as_str());
    let numbers = numbers.ok_or_else(|| fail(format!("there is no account {owner}")))?;
    let mode = u32::from_str_radix(mode, 8).map_err(|why| fail(format!("mode {mode}: {why}")))?;
    Ok(Ownership { mode, user: numbers.user, group: numbers.group })
}
