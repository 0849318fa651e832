//! Folders and files that must be ours alone before they are used.

use std::{
    fs as std_fs, io,
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    },
};

use camino::{Utf8Path, Utf8PathBuf};
use nix::{
    fcntl::OFlag,
    unistd::{AccessFlags, access, geteuid},
};
use thiserror::Error;

use super::{FsError, create_folder};

/// Permission bits with which others enter or list a folder, or change what is in it.
const OTHERS: u32 = 0o077;
/// Permission bits with which others change a file, or what is in a folder.
const OTHERS_WRITE: u32 = 0o022;

/// Why a folder is not used.
#[derive(Debug, Error)]
pub enum OwnershipError {
    /// Somebody else has a hand in it.
    #[error(transparent)]
    Foreign(#[from] ForeignFolder),
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// A folder in which somebody else has a hand.
#[derive(Debug, Error)]
#[error("`{path}` {why}")]
pub struct ForeignFolder {
    path: Utf8PathBuf,
    /// What is wrong with it, as the end of a sentence.
    why: String,
}

impl ForeignFolder {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

/// Makes sure that `path` is a folder that belongs to us and that nobody else can enter, creating it with mode 0700.
///
/// In a folder such as `/tmp` another user may have put something there first: a link, or a folder of his own.
pub fn private_folder(path: &Utf8Path) -> Result<(), OwnershipError> {
    our_folder(path, OTHERS, "other users can enter it")
}

/// Makes sure of a folder that is there what [`private_folder`] makes sure of; creates nothing.
pub fn check_private_folder(path: &Utf8Path) -> Result<(), OwnershipError> {
    check(path, OTHERS, "other users can enter it")
}

/// Makes sure that `path` is a folder that belongs to us and in which nobody else can put or replace anything, creating
/// it with mode 0700. Others may be able to look into it.
pub fn own_folder(path: &Utf8Path) -> Result<(), OwnershipError> {
    our_folder(path, OTHERS_WRITE, "other users can write to it")
}

fn our_folder(path: &Utf8Path, forbidden: u32, openness: &str) -> Result<(), OwnershipError> {
    let fail = |why| FsError::new("use as a folder of our own", path, why);
    if let Some(parent) = path.parent().filter(|parent| !parent.as_str().is_empty()) {
        create_folder(parent, 0o700)?;
    }
    loop {
        match std_fs::DirBuilder::new().mode(0o700).create(path) {
            Err(why) if why.kind() != io::ErrorKind::AlreadyExists => return Err(fail(why).into()),
            _ => {}
        }
        match check(path, forbidden, openness) {
            // Another process removed it after it was found there.
            Err(OwnershipError::Fs(why)) if why.kind() == io::ErrorKind::NotFound => {}
            checked => return checked,
        }
    }
}

fn check(path: &Utf8Path, forbidden: u32, openness: &str) -> Result<(), OwnershipError> {
    let fail = |why| FsError::new("look at", path, why);
    let foreign = |why: String| Err(ForeignFolder { path: path.to_owned(), why }.into());
    let meta = std_fs::symlink_metadata(path).map_err(fail)?;
    let mode = meta.permissions().mode() & 0o7777;
    if !meta.is_dir() {
        foreign("is no folder, or a link to one".to_owned())
    } else if meta.uid() != geteuid().as_raw() {
        foreign(format!("belongs to another user (uid {})", meta.uid()))
    } else if mode & forbidden != 0 {
        foreign(format!("has mode {mode:04o}: {openness}"))
    } else {
        Ok(())
    }
}

/// Whether a folder belongs to us, and nobody else can put or replace anything in it.
pub fn is_own_folder(path: &Utf8Path) -> Result<bool, FsError> {
    match check(path, OTHERS_WRITE, "") {
        Ok(()) => Ok(true),
        Err(OwnershipError::Foreign(_)) => Ok(false),
        Err(OwnershipError::Fs(why)) => Err(why),
    }
}

/// Makes sure that files can be put into a folder.
///
/// # Errors
/// Where its mode or a file system that is mounted read-only forbids it.
pub fn check_writable(folder: &Utf8Path) -> Result<(), FsError> {
    access(folder.as_std_path(), AccessFlags::W_OK | AccessFlags::X_OK)
        .map_err(|why| FsError::new("write to", folder, why.into()))
}

/// Sets the permission bits of a file or folder.
pub fn set_mode(path: &Utf8Path, mode: u32) -> Result<(), FsError> {
    std_fs::set_permissions(path, std_fs::Permissions::from_mode(mode))
        .map_err(|why| FsError::new("set the mode of", path, why))
}

/// Opens a file for appending, creating it with mode 0600. A link is not followed, and nothing is written to a file that
/// belongs to another user, that others can change, or that is no regular file.
pub fn open_append(path: &Utf8Path) -> Result<std_fs::File, FsError> {
    let fail = |why| FsError::new("open", path, why);
    let foreign = |why| Err(fail(io::Error::new(io::ErrorKind::PermissionDenied, why)));
    // Without waiting: a pipe may have no reader.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let file = std_fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags.bits())
        .open(path)
        .map_err(fail)?;
    let meta = file.metadata().map_err(fail)?;
    if !meta.is_file() {
        foreign("it is no regular file")
    } else if meta.uid() != geteuid().as_raw() {
        foreign("it belongs to another user")
    } else if meta.permissions().mode() & OTHERS_WRITE != 0 {
        foreign("other users can write to it")
    } else {
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        os::unix::fs::{chown, symlink},
    };

    use super::*;

    /// Somebody who is not us; only root can give files away.
    const NOBODY: u32 = 65534;

    fn place() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    /// Gives a file or folder to somebody else, where we may; what we could do otherwise is said by the mode.
    fn give_away(path: &Utf8Path, mode_otherwise: u32) {
        if geteuid().is_root() {
            chown(path, Some(NOBODY), None).unwrap();
        } else {
            set_mode(path, mode_otherwise).unwrap();
        }
    }

    #[test]
    fn a_private_folder_is_ours_alone_and_no_link() {
        let (_folder, place) = place();
        let run = place.join("a/run");
        private_folder(&run).unwrap();
        private_folder(&run).unwrap();
        symlink(&run, place.join("link")).unwrap();
        let why = private_folder(&place.join("link")).unwrap_err().to_string();
        assert!(why.ends_with("is no folder, or a link to one"), "{why}");
        set_mode(&run, 0o755).unwrap();
        let why = private_folder(&run).unwrap_err().to_string();
        assert!(why.ends_with("has mode 0755: other users can enter it"), "{why}");
        own_folder(&run).unwrap();
        for mode in [0o775, 0o757] {
            set_mode(&run, mode).unwrap();
            let why = own_folder(&run).unwrap_err().to_string();
            assert!(why.ends_with("other users can write to it"), "{why}");
        }
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let (_folder, place) = place();
        let folder = place.join("squatted");
        own_folder(&folder).unwrap();
        give_away(&folder, 0o777);
        for checked in [private_folder(&folder), own_folder(&folder)] {
            assert!(matches!(checked, Err(OwnershipError::Foreign(_))), "{checked:?}");
        }
    }

    #[test]
    fn nothing_is_appended_through_a_link_or_to_what_is_not_ours() {
        let (_folder, place) = place();
        open_append(&place.join("log")).unwrap();
        open_append(&place.join("log")).unwrap();
        symlink(place.join("elsewhere"), place.join("link")).unwrap();
        nix::unistd::mkfifo(place.join("pipe").as_std_path(), nix::sys::stat::Mode::S_IRWXU)
            .unwrap();
        File::create(place.join("open")).unwrap();
        set_mode(&place.join("open"), 0o666).unwrap();
        File::create(place.join("given")).unwrap();
        give_away(&place.join("given"), 0o666);
        for name in ["link", "pipe", "open", "given"] {
            assert!(open_append(&place.join(name)).is_err(), "{name}");
        }
        assert!(!place.join("elsewhere").exists());
    }
}
