//! The only way to the disk: errors that name action and path, files that are never half written.

#![expect(clippy::disallowed_methods, reason = "this is the wrapper that the others are sent to")]

mod beneath;
mod lock;
mod owner;
mod private;
mod way;
mod write;

use std::{
    fs as std_fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

pub use beneath::{Content, Root};
pub use lock::{FolderLock, lock_folder};
pub use owner::{Ownership, ownership, set_ownership};
pub use private::{
    ForeignFolder, OwnershipError, check_private_folder, check_writable, is_own_folder,
    open_append, own_folder, private_folder, set_mode,
};
pub use way::{OpenFolder, Openness, open_folder_above};
#[cfg(test)]
pub(crate) use write::syncs;
pub use write::{
    NewFile, clear_staged, create_unsynced, replace_unsynced, sync_folder, write_all_atomically,
    write_alone, write_atomically, write_new,
};

/// What could not be done to which path.
#[derive(Debug, Error)]
#[error("cannot {action} `{path}`: {}", reason(source))]
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

    /// What the system said, without its number for it, which tells a user nothing.
    #[must_use]
    pub fn reason(&self) -> String {
        reason(&self.source)
    }
}

/// What an error of the system says, without the number that the standard library adds: `no such file or directory`.
#[must_use]
pub fn reason(why: &io::Error) -> String {
    let text = why.to_string();
    let Some((words, _)) = text.split_once(" (os error ") else { return text };
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// What is read whole is at most so large, in bytes: certificates, keys, locks and texts of people are much smaller, and
/// a device has no end.
const LARGEST: usize = 64 << 20;

/// Reads a regular file whole. Anything else, a pipe that nobody writes to or a device without an end, is an error at
/// once.
pub fn read(path: &Utf8Path) -> Result<Vec<u8>, FsError> {
    read_regular(path, LARGEST)?.ok_or_else(|| {
        let why = format!("it is larger than {} MiB", LARGEST >> 20);
        FsError::new("read", path, io::Error::new(io::ErrorKind::FileTooLarge, why))
    })
}

/// Reads a regular file of at most `most` bytes whole; `None` where it is larger, which is known before it is read.
///
/// Anything else than a regular file is an error at once, even a pipe that nobody writes to.
pub fn read_regular(path: &Utf8Path, most: usize) -> Result<Option<Vec<u8>>, FsError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let fail = |why| FsError::new("read", path, why);
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file =
        std_fs::OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(fail)?;
    let meta = file.metadata().map_err(fail)?;
    if !meta.is_file() {
        return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")));
    }
    let most = most as u64;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(most) + 1).unwrap_or(0));
    if meta.len() <= most {
        // It may grow while it is read.
        file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    }
    let is_larger = meta.len() > most || bytes.len() as u64 > most;
    Ok((!is_larger).then_some(bytes))
}

/// Opens a regular file for reading; a link at its end is not followed, and a pipe is not waited for.
pub fn open(path: &Utf8Path) -> Result<std_fs::File, FsError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let fail = |why| FsError::new("open", path, why);
    let flags = nix::fcntl::OFlag::O_NONBLOCK | nix::fcntl::OFlag::O_NOFOLLOW;
    let file = std_fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let file = file.map_err(fail)?;
    if file.metadata().map_err(fail)?.is_file() {
        Ok(file)
    } else {
        Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file")))
    }
}

/// Reads a file whole as UTF-8.
pub fn read_text(path: &Utf8Path) -> Result<String, FsError> {
    String::from_utf8(read(path)?).map_err(|_| {
        let why = io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8");
        FsError::new("read", path, why)
    })
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

/// A folder that is removed, with all that is in it, when it is dropped.
#[derive(Debug)]
pub struct TemporaryFolder(tempfile::TempDir);

impl TemporaryFolder {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("it was checked when it was made")
    }
}

/// Makes a new folder in the system's temporary folder, whose name starts with `prefix`.
pub fn temporary_folder(prefix: &str) -> Result<TemporaryFolder, FsError> {
    let parent = std::env::temp_dir();
    let parent = Utf8Path::from_path(&parent).unwrap_or(Utf8Path::new("/tmp"));
    let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent);
    folder.map(TemporaryFolder).map_err(|why| FsError::new("make a folder in", parent, why))
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

/// The names in a folder, sorted; names that are not UTF-8 cannot be ours and are left out.
pub fn list(path: &Utf8Path) -> Result<Vec<String>, FsError> {
    Ok(entries(path)?.into_iter().map(|(name, _)| name).collect())
}

/// What the folder itself says of something in it, no link followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, device, socket or pipe.
    Other,
}

impl EntryKind {
    fn of(file_type: std_fs::FileType) -> Self {
        if file_type.is_file() {
            Self::File
        } else if file_type.is_dir() {
            Self::Folder
        } else {
            Self::Other
        }
    }
}

/// Like [`list`], with the kind of each, for which no file has to be looked at.
pub fn entries(path: &Utf8Path) -> Result<Vec<(String, EntryKind)>, FsError> {
    let fail = |why| FsError::new("list", path, why);
    let mut entries = Vec::new();
    for entry in std_fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = EntryKind::of(entry.file_type().map_err(fail)?);
        entries.push((name, kind));
    }
    entries.sort();
    Ok(entries)
}

/// The absolute path with all links resolved.
pub fn resolve(path: &Utf8Path) -> Result<Utf8PathBuf, FsError> {
    path.canonicalize_utf8().map_err(|why| FsError::new("resolve", path, why))
}

/// Moves a file or folder within one file system, replacing what is there.
pub fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<(), FsError> {
    std_fs::rename(from, to).map_err(|why| FsError::new("move", from, why))
}

/// An exclusive lock on a file, held until it is dropped or its process ends, however it ends.
#[derive(Debug)]
pub struct Lock(std_fs::File);

impl Lock {
    /// Takes the lock, `None` where another process holds it. The file is created and stays.
    pub fn try_take(path: &Utf8Path) -> Result<Option<Self>, FsError> {
        let file = open_append(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(std_fs::TryLockError::WouldBlock) => Ok(None),
            Err(std_fs::TryLockError::Error(why)) => Err(FsError::new("lock", path, why)),
        }
    }

    /// Takes the lock, however long that takes. Blocks the thread.
    pub fn take(path: &Utf8Path) -> Result<Self, FsError> {
        let file = open_append(path)?;
        file.lock().map_err(|why| FsError::new("lock", path, why))?;
        Ok(Self(file))
    }

    /// Replaces what the file says, for whoever finds it locked.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.write_all(text.as_bytes())
    }
}

/// Whether there is a file that this user may run; links are followed.
#[must_use]
pub fn is_program(path: &Utf8Path) -> bool {
    path.is_file()
        && nix::unistd::access(path.as_std_path(), nix::unistd::AccessFlags::X_OK).is_ok()
}

/// What this user may do with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnAccess {
    /// Read it; in a folder, see and read what is in it.
    Read,
    /// Change it; in a folder, also read what is in it, and make and remove files.
    Write,
}

/// Whether this user may do so; links are followed.
#[must_use]
pub fn may(path: &Utf8Path, access: OwnAccess) -> bool {
    use nix::unistd::AccessFlags;
    let search = if path.is_dir() { AccessFlags::X_OK } else { AccessFlags::empty() };
    let wanted = match access {
        OwnAccess::Read => AccessFlags::R_OK,
        OwnAccess::Write => AccessFlags::R_OK | AccessFlags::W_OK,
    };
    nix::unistd::access(path.as_std_path(), wanted | search).is_ok()
}

/// Whether a user ID is this user's own, or that of root, who may do everything anyway.
#[must_use]
pub fn is_own_or_roots(owner: u32) -> bool {
    owner == nix::unistd::geteuid().as_raw() || owner == 0
}

/// How many bytes the file system of `path` can hold in all, and how many are free for us.
pub fn space(path: &Utf8Path) -> Result<(u64, u64), FsError> {
    let stat = nix::sys::statvfs::statvfs(path.as_std_path())
        .map_err(|why| FsError::new("look at", path, why.into()))?;
    let bytes = |blocks: u64| blocks.saturating_mul(stat.fragment_size());
    Ok((bytes(stat.blocks()), bytes(stat.blocks_available())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        std_fs::write(path.join("file"), "12345").unwrap();
        assert_eq!(read_regular(&path.join("file"), 5).unwrap().as_deref(), Some(&b"12345"[..]));
        assert_eq!(read_regular(&path.join("file"), 4).unwrap(), None);
        std_fs::File::create(path.join("huge")).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(read_regular(&path.join("huge"), 8 << 20).unwrap(), None);
        let pipe = path.join("pipe");
        nix::unistd::mkfifo(pipe.as_std_path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read_regular(&pipe, 5).is_err());
        for read in [read(&pipe), read_text(&pipe).map(String::into_bytes)] {
            assert!(read.unwrap_err().to_string().contains("no regular file"));
        }
        assert!(read_if_exists(&pipe).is_err());
        std::os::unix::fs::symlink("/dev/zero", path.join("endless")).unwrap();
        assert!(read(&path.join("endless")).is_err());
        assert!(read(&path.join("huge")).unwrap_err().to_string().contains("larger than 64 MiB"));
        assert!(read_regular(path, 5).is_err());
    }

    #[test]
    fn a_lock_is_held_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("lock");
        let mut lock = Lock::try_take(&path).unwrap().unwrap();
        lock.note("first").unwrap();
        lock.note("17").unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        assert_eq!(read_text(&path).unwrap(), "17");
        drop(lock);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }
}
