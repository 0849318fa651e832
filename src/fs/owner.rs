//! Owners and permission bits of what is on the disk.

use std::{
    fs as std_fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
};

use camino::Utf8Path;

use super::FsError;

/// Who has a file or folder, and who may do what with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Permission bits.
    pub mode: u32,
    /// User number.
    pub user: u32,
    /// Group number.
    pub group: u32,
}

/// Tells owner and permission bits, without following a link at the end.
pub fn ownership(path: &Utf8Path) -> Result<Ownership, FsError> {
    let meta = std_fs::symlink_metadata(path).map_err(|why| FsError::new("look at", path, why))?;
    let mode = meta.permissions().mode() & 0o7777;
    Ok(Ownership { mode, user: meta.uid(), group: meta.gid() })
}

/// Sets owner and permission bits, the owner first: a change of it clears some bits.
pub fn set_ownership(path: &Utf8Path, wanted: Ownership) -> Result<(), FsError> {
    let Ownership { mode, user, group } = wanted;
    chown(path, Some(user), Some(group)).map_err(|why| FsError::new("give away", path, why))?;
    let mode = std_fs::Permissions::from_mode(mode);
    std_fs::set_permissions(path, mode).map_err(|why| FsError::new("set the mode of", path, why))
}
