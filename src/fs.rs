//! The only way to the disk: errors that name action and path, files that are never half written.

#![expect(clippy::disallowed_methods, reason = "this is the wrapper that the others are sent to")]

use std::{
    fs as std_fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

/// What could not be done to which path.
#[derive(Debug, Error)]
#[error("cannot {action} `{path}`: {source}")]
pub struct FsError {
    action: &'static str,
    path: Utf8PathBuf,
    source: io::Error,
}

impl FsError {
    /// Wraps an error of the standard library with what was tried.
    #[must_use]
    pub fn new(action: &'static str, path: &Utf8Path, source: io::Error) -> Self {
        Self { action, path: path.to_owned(), source }
    }

    /// The kind of the underlying error.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// Reads a file whole.
pub fn read(path: &Utf8Path) -> Result<Vec<u8>, FsError> {
    std_fs::read(path).map_err(|why| FsError::new("read", path, why))
}

/// Reads a file whole as UTF-8.
pub fn read_text(path: &Utf8Path) -> Result<String, FsError> {
    std_fs::read_to_string(path).map_err(|why| FsError::new("read", path, why))
}

/// Reads a file whole, `None` where there is none.
pub fn read_if_exists(path: &Utf8Path) -> Result<Option<Vec<u8>>, FsError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(why)
            if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(why) => Err(why),
    }
}

/// Puts `bytes` at `path` with permission bits `mode` in one step: readers see the old file or the new one.
///
/// The folder must exist. A link at `path` is replaced, not followed.
pub fn write_atomically(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    let fail = |why| FsError::new("write", path, why);
    let mut file = staged(path, bytes, mode).map_err(fail)?;
    file.flush().map_err(fail)?;
    file.persist(path).map_err(|why| fail(why.error))?;
    Ok(())
}

/// Like [`write_atomically`], but fails where something is already there, even if it appears meanwhile.
pub fn write_new(path: &Utf8Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    let fail = |why| FsError::new("create", path, why);
    staged(path, bytes, mode)
        .map_err(fail)?
        .persist_noclobber(path)
        .map_err(|why| fail(why.error))?;
    Ok(())
}

fn staged(path: &Utf8Path, bytes: &[u8], mode: u32) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".sfgen-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(std_fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Creates a folder and those above it, with permission bits `mode` for what is new.
pub fn create_folder(path: &Utf8Path, mode: u32) -> Result<(), FsError> {
    use std::os::unix::fs::DirBuilderExt as _;
    std_fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .map_err(|why| FsError::new("create the folder", path, why))
}

/// Removes a file; one that is not there is no error.
pub fn remove_file(path: &Utf8Path) -> Result<(), FsError> {
    match std_fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(FsError::new("remove", path, why)),
        _ => Ok(()),
    }
}

/// Removes a folder if it is empty; anything else is left alone.
pub fn remove_empty_folder(path: &Utf8Path) {
    // Whatever stands in the way is somebody's file, which is the reason to keep the folder.
    let _ = std_fs::remove_dir(path);
}

/// Removes a folder with all that is in it; one that is not there is no error.
pub fn remove_folder(path: &Utf8Path) -> Result<(), FsError> {
    match std_fs::remove_dir_all(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(FsError::new("remove", path, why)),
        _ => Ok(()),
    }
}

/// What is at a path, no link followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Absent,
    /// A regular file with these permission bits and owner.
    File {
        /// Permission bits.
        mode: u32,
        /// User ID of the owner.
        owner: u32,
        /// Length in bytes.
        len: u64,
    },
    /// A folder.
    Folder,
    /// A link, device, socket or pipe.
    Other,
}

/// Tells what is at `path` without following a link at its end.
pub fn kind(path: &Utf8Path) -> Result<Kind, FsError> {
    match std_fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => Ok(Kind::File {
            mode: meta.permissions().mode() & 0o7777,
            owner: meta.uid(),
            len: meta.len(),
        }),
        Ok(meta) if meta.is_dir() => Ok(Kind::Folder),
        Ok(_) => Ok(Kind::Other),
        Err(why)
            if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(Kind::Absent)
        }
        Err(why) => Err(FsError::new("look at", path, why)),
    }
}

/// User ID of the owner and permission bits of what is at `path`.
pub fn owner_and_mode(path: &Utf8Path) -> Result<(u32, u32), FsError> {
    let meta = std_fs::symlink_metadata(path).map_err(|why| FsError::new("look at", path, why))?;
    Ok((meta.uid(), meta.permissions().mode() & 0o7777))
}

/// Sets the permission bits of a file or folder.
pub fn set_mode(path: &Utf8Path, mode: u32) -> Result<(), FsError> {
    let permissions = std_fs::Permissions::from_mode(mode);
    std_fs::set_permissions(path, permissions).map_err(|why| FsError::new("change", path, why))
}

/// The names in a folder, sorted; names that are not UTF-8 cannot be ours and are left out.
pub fn list(path: &Utf8Path) -> Result<Vec<String>, FsError> {
    let fail = |why| FsError::new("list", path, why);
    let mut names = Vec::new();
    for entry in std_fs::read_dir(path).map_err(fail)? {
        names.extend(entry.map_err(fail)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// The absolute path with all links resolved.
pub fn resolve(path: &Utf8Path) -> Result<Utf8PathBuf, FsError> {
    path.canonicalize_utf8().map_err(|why| FsError::new("resolve", path, why))
}

/// Opens a file for appending, creating it with mode 0600.
pub fn open_append(path: &Utf8Path) -> Result<std_fs::File, FsError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std_fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|why| FsError::new("open", path, why))
}

/// Moves a file or folder within one file system, replacing what is there.
pub fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<(), FsError> {
    std_fs::rename(from, to).map_err(|why| FsError::new("move", from, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_replaces_one_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("key");
        write_new(&path, b"one", 0o600).unwrap();
        assert_eq!(
            write_new(&path, b"two", 0o600).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(read(&path).unwrap(), b"one");
        assert!(matches!(kind(&path).unwrap(), Kind::File { mode: 0o600, len: 3, .. }));
        assert_eq!(list(path.parent().unwrap()).unwrap(), ["key"], "no staging file stays behind");
    }
}
