//! The copy of a tree that an installed launcher reads: what the party reads of it, and nothing else.

use std::{collections::BTreeMap, fmt::Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::{InstallError, difference::Seen, site::Site};
use crate::{
    fs::{self, EntryKind, FsError, Kind, Ownership},
    plan::Manifest,
    types::Digest,
};

type Files = BTreeMap<Utf8PathBuf, Vec<u8>>;

/// What the copy is to hold: the bytes that were verified, and the manifest that they were verified against.
fn planned(site: &Site<'_>) -> Result<Files, InstallError> {
    let verified = site.side.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec()));
    let mut files: Files = verified.collect();
    let manifest = Utf8Path::new(Manifest::FILE);
    files.insert(manifest.to_owned(), fs::read(&site.side.tree.join(manifest))?);
    Ok(files)
}

/// The digest of what the copy is to hold.
pub(super) fn planned_digest(site: &Site<'_>) -> Result<Digest, InstallError> {
    Ok(digest(&planned(site)?))
}

/// How the copy is found on the machine.
pub(super) fn seen(site: &Site<'_>, to: &Utf8Path) -> Result<Seen, InstallError> {
    let here = site.machine.at(to);
    match fs::kind(&here)? {
        Kind::Absent => return Ok(Seen::Absent),
        Kind::Folder => {}
        Kind::File { .. } | Kind::Other => {
            return Ok(Seen::Other { digest: Some(Digest::of(&[])) });
        }
    }
    let found = found_digest(&here)?;
    let is_planned = found == planned_digest(site)?;
    Ok(if is_planned { Seen::AsPlanned } else { Seen::Other { digest: Some(found) } })
}

/// The digest of a copy as it is now, with all that lies in its folder.
pub(super) fn found_digest(folder: &Utf8Path) -> Result<Digest, FsError> {
    let mut files = Files::new();
    let mut open = vec![Utf8PathBuf::new()];
    while let Some(below) = open.pop() {
        for (name, kind) in fs::entries(&folder.join(&below))? {
            let path = below.join(name);
            match kind {
                EntryKind::Folder => open.push(path),
                EntryKind::File => {
                    let bytes = fs::read(&folder.join(&path))?;
                    files.insert(path, bytes);
                }
                // Nothing of that kind was put there.
                EntryKind::Other => drop(files.insert(path, b"no file".to_vec())),
            }
        }
    }
    Ok(digest(&files))
}

/// Makes the copy anew, for everybody to read.
pub(super) fn copy(site: &Site<'_>, to: &Utf8Path) -> Result<(), InstallError> {
    let here = site.machine.at(to);
    fs::remove_folder(&here)?;
    let root = site.machine.account("root");
    let give = |path: &Utf8Path, mode: u32| match root {
        Some(root) => {
            let (user, group) = (root.user, root.group);
            fs::set_ownership(path, Ownership { mode, user, group })
        }
        None => fs::set_mode(path, mode),
    };
    fs::create_folder(&here, 0o755)?;
    give(&here, 0o755)?;
    for (path, bytes) in planned(site)? {
        let below = path.ancestors().skip(1).filter(|folder| !folder.as_str().is_empty());
        let mut folders: Vec<_> = below.collect();
        folders.reverse();
        for folder in folders {
            fs::create_folder(&here.join(folder), 0o755)?;
            give(&here.join(folder), 0o755)?;
        }
        fs::write_atomically(&here.join(&path), &bytes, 0o644)?;
        give(&here.join(&path), 0o644)?;
    }
    Ok(())
}

/// The digest of what `sha256sum` would say of the files.
fn digest(files: &Files) -> Digest {
    let mut list = String::new();
    for (path, bytes) in files {
        let _ = writeln!(list, "{}  {path}", Digest::of(bytes));
    }
    Digest::of(list.as_bytes())
}
