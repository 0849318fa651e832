//! Who else can put another file in place of one: whoever may change a folder on the way to it.

use std::{
    collections::VecDeque,
    fs as std_fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::absolute,
};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use nix::unistd::getegid;
use thiserror::Error;

use super::{FsError, is_own_or_roots};

/// Links that are followed on one way, as many as Linux follows.
const LINKS: usize = 40;
/// In a folder with this bit, files are moved and removed by their owners only.
const STICKY: u32 = 0o1000;

/// A folder that others may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFolder {
    /// The folder.
    pub path: Utf8PathBuf,
    /// Who may change it.
    pub openness: Openness,
}

/// Why others may change a folder; reads on after its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Openness {
    /// By its permission bits.
    #[error("has mode {0:04o}")]
    Mode(u32),
    /// It belongs to this user, who is neither the caller nor root.
    #[error("belongs to another user (uid {0})")]
    Owner(u32),
}

impl OpenFolder {
    /// How it is closed, as the command that does so; `None` where each user removes only what is theirs, as in `/tmp`,
    /// which is as it should be.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self.openness {
            Openness::Mode(mode) if mode & STICKY != 0 => None,
            Openness::Mode(_) => Some(format!("`chmod go-w {}`", self.path)),
            Openness::Owner(_) => Some(format!("`chown $USER {}`", self.path)),
        }
    }
}

/// The first folder on the way from the root to the file at `path`, links followed, in which other users may put something
/// else in place of the file or of the next folder.
///
/// "Others" are everybody, a group that is not the caller's own, and an owner who is neither the caller nor root: an owner
/// changes the mode at will. A folder such as `/tmp`, where each removes only
/// what is theirs, is passed on the way to a folder of the caller or of root, but is no place for the file itself.
///
/// # Errors
/// Where something on the way is not there or cannot be looked at.
pub fn open_folder_above(path: &Utf8Path) -> Result<Option<OpenFolder>, FsError> {
    let fail = |path: &Utf8Path, why| FsError::new("look at", path, why);
    let whole = absolute(path).map_err(|why| fail(path, why))?;
    let whole = Utf8PathBuf::from_path_buf(whole).expect("a path and the working folder, in UTF-8");
    let mut ahead: VecDeque<String> = parts(&whole);
    let mut folder = Utf8PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = ahead.pop_front() {
        if part == ".." {
            folder.pop();
            continue;
        }
        let next = folder.join(part);
        let entry = std_fs::symlink_metadata(&next).map_err(|why| fail(&next, why))?;
        let meta = std_fs::metadata(&folder).map_err(|why| fail(&folder, why))?;
        let mode = meta.permissions().mode() & 0o7777;
        if !is_own_or_roots(meta.uid()) {
            return Ok(Some(OpenFolder { path: folder, openness: Openness::Owner(meta.uid()) }));
        }
        let is_ours = is_own_or_roots(entry.uid());
        let is_safe_to_pass = mode & STICKY != 0 && is_ours && !entry.is_file();
        let is_open = mode & 0o002 != 0 || mode & 0o020 != 0 && meta.gid() != getegid().as_raw();
        if is_open && !is_safe_to_pass {
            return Ok(Some(OpenFolder { path: folder, openness: Openness::Mode(mode) }));
        }
        if entry.is_symlink() {
            links += 1;
            if links > LINKS {
                return Err(fail(path, io::Error::other("too many links")));
            }
            let target = next.read_link_utf8().map_err(|why| fail(&next, why))?;
            if target.is_absolute() {
                folder = Utf8PathBuf::from("/");
            }
            for part in parts(&target).into_iter().rev() {
                ahead.push_front(part);
            }
        } else {
            folder = next;
        }
    }
    Ok(None)
}

fn parts(path: &Utf8Path) -> VecDeque<String> {
    let part = |part| match part {
        Utf8Component::Normal(name) => Some(name.to_owned()),
        Utf8Component::ParentDir => Some("..".to_owned()),
        Utf8Component::Prefix(_) | Utf8Component::RootDir | Utf8Component::CurDir => None,
    };
    path.components().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn open(path: &Utf8Path) -> Option<Utf8PathBuf> {
        open_folder_above(path).unwrap().map(|open| open.path)
    }

    fn set_mode(path: &Utf8Path, mode: u32) {
        std_fs::set_permissions(path, std_fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_others_may_change_is_found_wherever_it_is_on_the_way() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temporary.path()).unwrap().canonicalize_utf8().unwrap();
        let (top, key) = (root.join("a"), root.join("a/b/key"));
        std_fs::create_dir_all(root.join("a/b")).unwrap();
        std_fs::create_dir(root.join("links")).unwrap();
        std_fs::write(&key, "").unwrap();
        symlink("../a/b", root.join("links/folder")).unwrap();
        symlink("links/folder/key", root.join("key")).unwrap();
        for path in [&key, &root.join("key")] {
            assert_eq!(open(path), None, "below /tmp, in folders of our own");
        }
        set_mode(&top, 0o757);
        assert_eq!(open(&key), Some(top.clone()));
        assert_eq!(open(&root.join("key")), Some(top.clone()), "through two links");
        set_mode(&top, 0o1777);
        assert_eq!(open(&key), None, "others cannot move our folder away");
        std_fs::write(top.join("key"), "").unwrap();
        assert_eq!(open(&top.join("key")), Some(top.clone()), "no place for a key itself");
        set_mode(&top, 0o775);
        assert_eq!(open(&key), None, "our own group");
        set_mode(&root.join("links"), 0o777);
        assert_eq!(
            open(&root.join("key")),
            Some(root.join("links")),
            "a link can be replaced, too"
        );
        assert_eq!(open(&root.join("links/../a/b/key")), None, "nothing in it is on this way");
    }

    #[test]
    fn a_folder_of_another_user_is_theirs_to_change_whatever_its_mode() {
        if !nix::unistd::geteuid().is_root() {
            return; // only root gives folders away
        }
        let temporary = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temporary.path()).unwrap().canonicalize_utf8().unwrap();
        let key = root.join("theirs/own/key");
        std_fs::create_dir_all(root.join("theirs/own")).unwrap();
        std_fs::write(&key, "").unwrap();
        assert_eq!(open_folder_above(&key).unwrap(), None);
        std::os::unix::fs::chown(root.join("theirs"), Some(65534), None).unwrap();
        let open = open_folder_above(&key).unwrap().unwrap();
        assert_eq!((&open.path, open.openness), (&root.join("theirs"), Openness::Owner(65534)));
        assert_eq!(open.remedy(), Some(format!("`chown $USER {}`", root.join("theirs"))));
    }

    #[test]
    fn links_in_a_circle_and_missing_files_are_errors() {
        let temporary = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temporary.path()).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        assert!(open_folder_above(&root.join("circle")).is_err());
        let missing = open_folder_above(&root.join("absent/key")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}
