//! Carries a comparison out.

use std::fs::{File, TryLockError};

use camino::Utf8Path;

use crate::{
    fs::{self, FsError},
    plan::{Manifest, json_bytes},
};

use super::compare::{Comparison, FileChangeKind, PENDING};

/// Held while a topology's tree and lock are written; another `plan` of it stops meanwhile.
#[derive(Debug)]
pub struct WorkspaceLock(
    #[expect(dead_code, reason = "the lock is held as long as the file is open")] File,
);

/// Takes the lock of the folder of a topology; `None` where another process has it.
pub fn lock_workspace(folder: &Utf8Path) -> Result<Option<WorkspaceLock>, FsError> {
    // The folder itself is locked: no file is left behind, and nothing has to be ignored in git.
    let file = File::open(folder).map_err(|why| FsError::new("open", folder, why))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(WorkspaceLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(why)) => Err(FsError::new("lock", folder, why)),
    }
}

/// Writes what `comparison` says into `out`: files one by one, each in one step, the manifest last.
///
/// The manifest to be is put down first under another name, so that after a cut the next `plan` knows which files
/// are ours and goes on from there.
pub fn write(comparison: &Comparison, out: &Utf8Path) -> Result<(), FsError> {
    let manifest = json_bytes(&comparison.manifest);
    if comparison.is_current() && comparison.leftovers.is_empty() {
        return Ok(());
    }
    fs::create_folder(out, 0o755)?;
    fs::write_atomically(&out.join(PENDING), &manifest, 0o644)?;
    for leftover in comparison.leftovers.iter().filter(|path| path.as_str() != PENDING) {
        fs::remove_file(&out.join(leftover))?;
    }
    for change in &comparison.changes {
        let path = out.join(&change.path);
        match (&change.kind, &change.new) {
            (FileChangeKind::Removed, _) | (_, None) => {
                fs::remove_file(&path)?;
                remove_empty_parents(&change.path, out);
            }
            (_, Some(bytes)) => {
                if let Some(folder) = path.parent() {
                    fs::create_folder(folder, 0o755)?;
                }
                let file = &comparison.manifest.files[&change.path];
                let mode = u32::from_str_radix(&file.mode, 8).expect("we wrote it in octal");
                fs::write_atomically(&path, bytes, mode)?;
            }
        }
    }
    fs::rename(&out.join(PENDING), &out.join(Manifest::FILE))
}

fn remove_empty_parents(path: &Utf8Path, out: &Utf8Path) {
    for folder in path.ancestors().skip(1).filter(|folder| !folder.as_str().is_empty()) {
        fs::remove_empty_folder(&out.join(folder));
    }
}
