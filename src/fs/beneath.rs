//! Reading below a folder whose content is not trusted.

use std::{
    fs::File,
    io::Read as _,
    os::{
        fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd},
        unix::fs::PermissionsExt as _,
    },
};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    sys::stat::Mode,
};

use super::{EntryKind, FsError};

/// A folder below which files are read: no link is followed on the way down, and nothing but regular files is read.
///
/// It stays the same folder, even where another one is put at its path meanwhile.
#[derive(Debug)]
pub struct Root {
    folder: OwnedFd,
    path: Utf8PathBuf,
}

/// What is at a path below a [`Root`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Absent,
    /// A folder, a link, a pipe, or something else that is no regular file; or the way leads through such a thing.
    NotAFile,
    /// A regular file that is larger than the limit.
    TooLarge,
    /// A regular file.
    File {
        /// All that is in it.
        bytes: Vec<u8>,
        /// Its permission bits.
        mode: u32,
    },
}

impl Root {
    /// Opens the folder at `path`, `None` where there is nothing. Links in `path` itself are followed: whoever names a
    /// folder may name it through a link.
    pub fn open(path: &Utf8Path) -> Result<Option<Self>, FsError> {
        let named = if path.as_str().is_empty() { Utf8Path::new(".") } else { path };
        match open(named.as_std_path(), FOLDER, Mode::empty()) {
            Ok(folder) => Ok(Some(Self { folder, path: path.to_owned() })),
            Err(Errno::ENOENT) => Ok(None),
            Err(why) => Err(FsError::new("open the folder", path, why.into())),
        }
    }

    /// Where the folder was when it was opened.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The regular file at `path` below the folder, and its length; `None` where there is none.
    pub fn open_file(&self, path: &Utf8Path) -> Result<Option<(File, u64)>, FsError> {
        let fail = |why| FsError::new("open", &self.path.join(path), why);
        let file = match self.descend(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK) {
            Ok(file) => File::from(file),
            Err(Errno::ENOENT | Errno::ELOOP | Errno::ENOTDIR | Errno::ENXIO | Errno::ENODEV) => {
                return Ok(None);
            }
            Err(why) => return Err(fail(why.into())),
        };
        let meta = file.metadata().map_err(fail)?;
        Ok(meta.is_file().then_some((file, meta.len())))
    }

    /// Reads the file at `path` below the folder, of at most `most` bytes.
    pub fn read(&self, path: &Utf8Path, most: u64) -> Result<Content, FsError> {
        let fail = |why| FsError::new("read", &self.path.join(path), why);
        // Without waiting: a pipe may have no writer.
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
        let file = match self.descend(path, flags) {
            Ok(file) => File::from(file),
            Err(Errno::ENOENT) => return Ok(Content::Absent),
            // A link; a file or a link as a folder on the way; a socket, or a device that is not there.
            Err(Errno::ELOOP | Errno::ENOTDIR | Errno::ENXIO | Errno::ENODEV) => {
                return Ok(Content::NotAFile);
            }
            Err(why) => return Err(fail(why.into())),
        };
        let meta = file.metadata().map_err(fail)?;
        if !meta.is_file() {
            return Ok(Content::NotAFile);
        }
        if meta.len() > most {
            return Ok(Content::TooLarge);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len() + 1).unwrap_or(0));
        // It may grow while it is read.
        file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() as u64 > most {
            return Ok(Content::TooLarge);
        }
        Ok(Content::File { bytes, mode: meta.permissions().mode() & 0o7777 })
    }

    /// The names in the folder at `path` below this one, sorted, each with its kind. A name that is not UTF-8 is given
    /// with replacement characters, under which nothing can be read.
    pub fn entries(&self, path: &Utf8Path) -> Result<Vec<(String, EntryKind)>, FsError> {
        let fail = |why| FsError::new("list", &self.path.join(path), why);
        let folder = self.descend(path, FOLDER).map_err(|why| fail(why.into()))?;
        let through = format!("/proc/self/fd/{}", folder.as_raw_fd());
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(through).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let kind = EntryKind::of(entry.file_type().map_err(fail)?);
            entries.push((entry.file_name().to_string_lossy().into_owned(), kind));
        }
        entries.sort();
        Ok(entries)
    }

    /// Opens what is at `path`, each folder on the way from the one above it.
    fn descend(&self, path: &Utf8Path, flags: OFlag) -> nix::Result<OwnedFd> {
        let step = |folder: BorrowedFd<'_>, name: &str, flags| {
            openat(folder, name, flags | SAFE, Mode::empty())
        };
        let Some(last) = path.file_name() else {
            // No name at all, or one that climbs.
            return if path.as_str().is_empty() {
                step(self.folder.as_fd(), ".", flags)
            } else {
                Err(Errno::ELOOP)
            };
        };
        let mut folder = None;
        for part in path.parent().into_iter().flat_map(Utf8Path::components) {
            let Utf8Component::Normal(name) = part else { return Err(Errno::ELOOP) };
            let above = folder.as_ref().map_or(self.folder.as_fd(), OwnedFd::as_fd);
            folder = Some(step(above, name, FOLDER)?);
        }
        step(folder.as_ref().map_or(self.folder.as_fd(), OwnedFd::as_fd), last, flags)
    }
}

const FOLDER: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);
const SAFE: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_CLOEXEC);

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn only_regular_files_below_the_folder_are_read_and_none_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        assert!(Root::open(&path.join("tree")).unwrap().is_none());
        fs::create_dir_all(path.join("tree/a")).unwrap();
        fs::create_dir(path.join("beside")).unwrap();
        fs::write(path.join("beside/file"), "outside").unwrap();
        fs::write(path.join("tree/a/file"), "12345").unwrap();
        symlink("a/file", path.join("tree/link")).unwrap();
        symlink("/dev/zero", path.join("tree/zero")).unwrap();
        symlink("../beside", path.join("tree/beside")).unwrap();
        nix::unistd::mkfifo(path.join("tree/pipe").as_std_path(), Mode::S_IRWXU).unwrap();
        fs::File::create(path.join("tree/huge")).unwrap().set_len(1 << 40).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path.join("tree/socket")).unwrap();
        let root = Root::open(&path.join("tree")).unwrap().unwrap();
        let read = |path: &str| root.read(Utf8Path::new(path), 5).unwrap();
        let bytes =
            |content| if let Content::File { bytes, .. } = content { bytes } else { vec![] };
        assert_eq!(bytes(read("a/file")), b"12345");
        assert_eq!(root.read(Utf8Path::new("a/file"), 4).unwrap(), Content::TooLarge);
        assert_eq!(read("huge"), Content::TooLarge);
        assert_eq!((read("absent"), read("a/absent")), (Content::Absent, Content::Absent));
        for other in [
            "a",
            "",
            "link",
            "zero",
            "beside/file",
            "pipe",
            "socket",
            "a/file/x",
            "../beside/file",
            "/dev/null",
        ] {
            assert_eq!(read(other), Content::NotAFile, "{other}");
        }
        let names = root.entries(Utf8Path::new("")).unwrap();
        assert_eq!(names.len(), 7);
        assert!(names.contains(&("beside".to_owned(), EntryKind::Other)));
        assert_eq!(
            root.entries(Utf8Path::new("a")).unwrap(),
            [("file".to_owned(), EntryKind::File)]
        );
        assert!(root.entries(Utf8Path::new("beside")).is_err());
    }

    #[test]
    fn the_folder_stays_the_one_that_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir_all(path.join("tree")).unwrap();
        fs::write(path.join("tree/file"), "first").unwrap();
        let root = Root::open(&path.join("tree")).unwrap().unwrap();
        fs::rename(path.join("tree"), path.join("moved")).unwrap();
        fs::create_dir_all(path.join("tree")).unwrap();
        fs::write(path.join("tree/file"), "other").unwrap();
        let content = root.read(Utf8Path::new("file"), 10).unwrap();
        assert!(matches!(content, Content::File { bytes, .. } if bytes == b"first"));
    }
}
