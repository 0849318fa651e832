//! Carries a comparison out.

use std::{
    collections::BTreeSet,
    fs::{File, TryLockError},
};

use camino::Utf8Path;

use crate::{
    fs::{self, FsError},
    plan::Manifest,
    render::FILE_MODE,
};

use super::{
    compare::{Comparison, FileChangeKind},
    listed::PENDING,
};

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

/// Writes what `comparison` says into `out`: files one by one, each that was there before in one step, the manifest last.
///
/// The manifest to be is put down first under another name, so that after a cut the next `plan` knows which files
/// are ours and goes on from there. Only the manifest is waited for: what a power cut does to the thousands of other
/// files shows by their digests, and the next `plan` writes them again.
pub fn write(comparison: &Comparison<'_>, out: &Utf8Path) -> Result<(), FsError> {
    let mut manifest =
        serde_json::to_vec_pretty(&comparison.manifest).expect("string keys throughout");
    manifest.push(b'\n');
    if comparison.is_current() && comparison.leftovers.is_empty() {
        return Ok(());
    }
    fs::create_folder(out, 0o755)?;
    fs::write_atomically(&out.join(PENDING), &manifest, FILE_MODE)?;
    fs::sync_folder(out)?;
    for leftover in comparison.leftovers.iter().filter(|path| path.as_str() != PENDING) {
        fs::remove_file(&out.join(leftover))?;
    }
    let mut made = BTreeSet::new();
    for change in &comparison.changes {
        let path = out.join(&change.path);
        let Some(bytes) = change.new else {
            fs::remove_file(&path)?;
            remove_empty_parents(&change.path, out);
            // A folder that was there a moment ago may be gone now.
            made.clear();
            continue;
        };
        if made.insert(change.path.parent()) {
            fs::create_folder(path.parent().unwrap_or(out), 0o755)?;
        }
        match change.kind {
            FileChangeKind::Added => fs::create_unsynced(&path, bytes, FILE_MODE)?,
            _ => fs::replace_unsynced(&path, bytes, FILE_MODE)?,
        }
    }
    fs::rename(&out.join(PENDING), &out.join(Manifest::FILE))?;
    fs::sync_folder(out)
}

fn remove_empty_parents(path: &Utf8Path, out: &Utf8Path) {
    for folder in path.ancestors().skip(1).filter(|folder| !folder.as_str().is_empty()) {
        fs::remove_empty_folder(&out.join(folder));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::compare, *};
    use crate::{render::samples, types::Digest};

    #[test]
    fn a_tree_of_any_size_is_waited_for_a_few_times() {
        let tree = samples::production().render().unwrap();
        let folder = fs::temporary_folder("sfgen-test-").unwrap();
        let out = folder.path().join("generated");
        let comparison = compare(&tree, Digest::of(b""), &out).unwrap();
        assert_eq!(comparison.changes.len(), tree.len());
        let before = fs::syncs();
        write(&comparison, &out).unwrap();
        // The new manifest, its temporary name, and its final name.
        assert_eq!(fs::syncs() - before, 3);
        assert!(compare(&tree, Digest::of(b""), &out).unwrap().is_current());
    }
}
