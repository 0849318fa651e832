//! Carries a comparison out.

use std::{
    collections::BTreeSet,
    fs::{File, TryLockError},
};

use camino::Utf8Path;

use crate::{
    fs::{self, FsError},
    plan::{Manifest, json_bytes},
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
/// What is going to be written is put down first, beside what earlier writes that were cut off had put down, so that
/// the next `plan` knows which files are ours however many writes in a row are cut off. Only these lists are waited for:
/// what a power cut does to the thousands of other files shows by their digests, and the next `plan` writes them again.
pub fn write(comparison: &Comparison<'_>, out: &Utf8Path) -> Result<(), FsError> {
    if comparison.is_current() {
        return Ok(());
    }
    announce(comparison, out)?;
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
    let manifest = json_bytes(&comparison.manifest);
    fs::write_atomically(&out.join(Manifest::FILE), &manifest, FILE_MODE)?;
    fs::sync_folder(out)?;
    // Only now: as long as the old manifest may be what a power cut leaves, the list of what was written is needed.
    fs::remove_file(&out.join(PENDING))
}

/// Puts down what is going to be written.
fn announce(comparison: &Comparison<'_>, out: &Utf8Path) -> Result<(), FsError> {
    fs::create_folder(out, 0o755)?;
    let pending = comparison.pending.with(&comparison.manifest);
    fs::write_atomically(&out.join(PENDING), &pending, FILE_MODE)?;
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
    fn what_writes_in_a_row_put_in_place_before_they_were_cut_off_is_known_to_the_next() {
        let digest = Digest::of(b"");
        let (first, second) =
            (samples::production().render().unwrap(), samples::simulation().render().unwrap());
        let folder = fs::temporary_folder("sfgen-test-").unwrap();
        let out = folder.path().join("generated");
        write(&compare(&first, digest, &out).unwrap(), &out).unwrap();
        // The first is cut off when all its files are in place, the second before it touches any.
        let manifest = fs::read(&out.join(Manifest::FILE)).unwrap();
        let comparison = compare(&second, digest, &out).unwrap();
        assert!(comparison.changes.iter().any(|change| change.kind == FileChangeKind::Added));
        write(&comparison, &out).unwrap();
        announce(&comparison, &out).unwrap();
        fs::write_atomically(&out.join(Manifest::FILE), &manifest, FILE_MODE).unwrap();
        announce(&compare(&first, digest, &out).unwrap(), &out).unwrap();

        let comparison = compare(&first, digest, &out).unwrap();
        assert!(comparison.obstacles.is_empty(), "{:?}", comparison.obstacles);
        assert!(!comparison.is_current());
        write(&comparison, &out).unwrap();
        let comparison = compare(&first, digest, &out).unwrap();
        assert!(comparison.is_current() && comparison.unlisted.is_empty());
        assert!(fs::read_if_exists(&out.join(PENDING)).unwrap().is_none());
    }

    #[test]
    fn a_tree_of_any_size_is_waited_for_a_few_times() {
        let tree = samples::production().render().unwrap();
        let folder = fs::temporary_folder("sfgen-test-").unwrap();
        let out = folder.path().join("generated");
        let comparison = compare(&tree, Digest::of(b""), &out).unwrap();
        assert_eq!(comparison.changes.len(), tree.len());
        let before = fs::syncs();
        write(&comparison, &out).unwrap();
        // What is going to be written, its name, the manifest, and its name.
        assert_eq!(fs::syncs() - before, 4);
        assert!(compare(&tree, Digest::of(b""), &out).unwrap().is_current());
    }
}
