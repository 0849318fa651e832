//! Folders that are locked by one process at a time, and may be removed by whoever has locked them.

use std::{
    fs::{File, Metadata, TryLockError},
    io::ErrorKind,
    os::unix::fs::MetadataExt as _,
};

use camino::Utf8Path;

use super::FsError;

/// What came of an attempt to lock a folder.
#[derive(Debug)]
pub enum FolderLock {
    /// It is locked until this file is closed.
    Taken(File),
    /// Another process has locked it.
    Busy,
    /// It is not there, or another process removed it meanwhile. Another may be in its place by now.
    Gone,
}

/// Locks a folder, without waiting.
///
/// The lock belongs to the folder itself, not to its path: a process may open a folder, be slow, and lock it after another has
/// removed it and a third has made a new one at its path. That lock is worth nothing, and is [`FolderLock::Gone`].
///
/// # Errors
/// Where the folder cannot be opened or locked.
pub fn lock_folder(path: &Utf8Path) -> Result<FolderLock, FsError> {
    let folder = match File::open(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(FolderLock::Gone),
        opened => opened.map_err(|why| FsError::new("open", path, why))?,
    };
    match folder.try_lock() {
        Ok(()) if is_at(&folder, path) => Ok(FolderLock::Taken(folder)),
        Ok(()) => Ok(FolderLock::Gone),
        Err(TryLockError::WouldBlock) => Ok(FolderLock::Busy),
        Err(TryLockError::Error(why)) => Err(FsError::new("lock", path, why)),
    }
}

/// Whether an open folder is the one that has this path now.
fn is_at(folder: &File, path: &Utf8Path) -> bool {
    let number = |meta: Metadata| (meta.dev(), meta.ino());
    let both =
        folder.metadata().and_then(|open| Ok((number(open), number(path.symlink_metadata()?))));
    both.is_ok_and(|(open, there)| open == there)
}
