//! A control group for all that a launcher starts, where the kernel lets it make one.
//!
//! Guards find what they must end by who descends from them. Where a launcher and both guards of a program are killed at
//! once, nobody is left to look for the daemons that the program has started. In a group of their own the sweeper
//! ends them all by one write to `cgroup.kill`, which Linux has since 5.14, for control groups of version 2
//! (`Documentation/admin-guide/cgroup-v2.rst` of the kernel).

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
};

use camino::{Utf8Path, Utf8PathBuf};
use procfs::process::Process;

/// What the names of all groups begin with; the number of the launcher follows.
const PREFIX: &str = "sfgen-";

/// A group without controllers, which goes with the launcher. Without the right to make one, or without such groups,
/// guards do as well as they can.
#[derive(Clone, Debug)]
pub(super) struct Cgroup(Utf8PathBuf);

impl Cgroup {
    /// Makes a group below that of this process, and removes the empty ones of launchers that are gone.
    pub(super) fn make() -> Option<Self> {
        let parent = own_group()?;
        remove_abandoned(&parent);
        let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&folder).ok()?;
        if folder.join("cgroup.kill").exists() {
            return Some(Self(folder));
        }
        let _ = remove(&folder); // it is empty, and no harm where it stays
        None
    }

    /// Where it is among the files of the kernel.
    pub(super) fn folder(&self) -> &Utf8Path {
        &self.0
    }
}

/// Moves this process into a group, and with it whatever it starts from now on.
pub(super) fn enter(group: &Utf8Path) -> io::Result<()> {
    tell(&group.join("cgroup.procs"), "0")
}

/// Kills all processes of a group.
pub(super) fn kill(group: &Utf8Path) -> io::Result<()> {
    tell(&group.join("cgroup.kill"), "1")
}

/// Writes to a file of the kernel, which takes the text as a command.
fn tell(file: &Utf8Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

/// Removes a group. An error as long as there are processes in it.
pub(super) fn remove(group: &Utf8Path) -> io::Result<()> {
    std::fs::remove_dir(group)
}

/// The group of this process among the files of the kernel; `None` where groups of version 2 are not mounted.
fn own_group() -> Option<Utf8PathBuf> {
    let myself = Process::myself().ok()?;
    let group = myself.cgroups().ok()?.into_iter().find(|group| group.hierarchy == 0)?;
    let mounts = myself.mountinfo().ok()?;
    let mount = mounts.into_iter().find(|mount| mount.fs_type == "cgroup2")?;
    // In a container the mount may show a part of all groups only.
    let below = Utf8Path::new(&group.pathname).strip_prefix(&mount.root).ok()?.to_owned();
    Some(Utf8PathBuf::from_path_buf(mount.mount_point).ok()?.join(below))
}

fn remove_abandoned(parent: &Utf8Path) {
    for name in crate::fs::list(parent).unwrap_or_default() {
        let launcher = name.strip_prefix(PREFIX).and_then(|number| number.parse().ok());
        if launcher.is_some_and(|number: i32| Process::new(number).is_err()) {
            let _ = remove(&parent.join(name)); // there may be processes in it
        }
    }
}
