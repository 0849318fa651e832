//! The sweeper: removes what a killed launcher leaves on disk, its sockets above all.

use std::{
    ffi::OsString,
    io::{self, Read as _},
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use camino::Utf8Path;

use super::{
    super::cgroup,
    setup::{become_guard, close_stray_files},
};
use crate::fs::{self, FolderLock, FsError};

/// How long the guards may take to end what the launcher started, which may leave files until then.
const SWEEPING: Duration = Duration::from_millis(1600);
/// How long the kernel gets to end what is killed then.
const KILLING: Duration = Duration::from_secs(5);
/// How often it is swept in that time.
const TICK: Duration = Duration::from_millis(100);

/// Runs a sweeper for the launcher's folder, and for its control group where it has one.
pub(super) fn main(folders: &[OsString]) -> Result<ExitCode, String> {
    let folders: Option<Vec<_>> =
        folders.iter().map(|folder| folder.to_str().map(Utf8Path::new)).collect();
    match folders.as_deref() {
        Some([folder]) => sweep(folder, None),
        Some([folder, group]) => sweep(folder, Some(group)),
        _ => Err("a sweeper is given one or two folders with names in UTF-8".to_owned()),
    }
}

/// Waits until the launcher is gone, and then removes its folder, unless another launcher has it. What the guards
/// have not ended by then is in the control group, and is killed.
fn sweep(folder: &Utf8Path, group: Option<&Utf8Path>) -> Result<ExitCode, String> {
    close_stray_files();
    let _signals = become_guard(c"sfgen-sweeper")
        .map_err(|why| format!("cannot watch over `{folder}`: {}", why.desc()))?;
    let mut pipe = io::stdin();
    while pipe.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
    let gone = Instant::now();
    let mut is_empty = false;
    while gone.elapsed() < SWEEPING {
        // A group without processes means that the guards have ended, with all that they guarded.
        is_empty = is_empty || group.is_some_and(|group| cgroup::remove(group).is_ok());
        let _ = remove_abandoned(folder); // tried again, and by the next launcher
        // The kernel closes the pipe of a killed launcher before it gives up the lock of the folder, or after it.
        if is_empty && matches!(fs::kind(folder), Ok(fs::Kind::Absent)) {
            return Ok(ExitCode::SUCCESS);
        }
        sleep(TICK);
    }
    if let Some(group) = group.filter(|_| !is_empty) {
        let _ = cgroup::kill(group); // the last of them may have ended just now
        while gone.elapsed() < SWEEPING + KILLING && cgroup::remove(group).is_err() {
            sleep(TICK / 10);
        }
        let _ = remove_abandoned(folder); // what was killed may have kept it
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes a folder with all that is in it, where no process has locked it. One that is not there is no error.
pub fn remove_abandoned(folder: &Utf8Path) -> Result<(), FsError> {
    match fs::lock_folder(folder)? {
        FolderLock::Taken(_lock) => fs::remove_folder(folder),
        FolderLock::Busy | FolderLock::Gone => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_folder_is_removed_unless_somebody_has_locked_it() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(parent.path()).unwrap().join("run");
        fs::create_folder(&folder.join("ray"), 0o700).unwrap();
        let lock = File::open(&folder).unwrap();
        lock.lock().unwrap();
        remove_abandoned(&folder).unwrap();
        assert_eq!(fs::kind(&folder).unwrap(), fs::Kind::Folder);
        drop(lock);
        remove_abandoned(&folder).unwrap();
        assert_eq!(fs::kind(&folder).unwrap(), fs::Kind::Absent);
        remove_abandoned(&folder).unwrap();
    }
}
