//! How many logs of runs are kept. Each run has a log of its own, so without a limit they fill the disk.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::fs;

/// Which files of a folder are kept, the youngest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retention {
    age: Duration,
    files: usize,
    bytes: u64,
}

/// What is kept of the logs of runs.
pub(super) const OF_RUNS: Retention =
    Retention { age: Duration::from_hours(30 * 24), files: 1000, bytes: 512 << 20 };

/// Names of the logs of runs start so; those of services do not, and are bounded each by itself.
const RUNS: &str = "job-";

struct Log {
    path: Utf8PathBuf,
    changed: SystemTime,
    len: u64,
}

impl Retention {
    /// Removes the logs of runs in `folder` that are too old, too many or too large together. A log that is being
    /// written is left alone.
    ///
    /// What cannot be looked at or removed stays: a run is not held up for that.
    pub(super) fn apply(self, folder: &Utf8Path, now: SystemTime) {
        let names = fs::list(folder).unwrap_or_default();
        let logs = names.iter().filter(|name| name.starts_with(RUNS));
        let mut logs: Vec<_> = logs.filter_map(|name| Log::at(folder.join(name))).collect();
        logs.sort_by_key(|log| std::cmp::Reverse(log.changed));
        let mut bytes = 0;
        for (index, log) in logs.iter().enumerate() {
            bytes += log.len;
            let age = now.duration_since(log.changed).unwrap_or_default();
            let is_kept = index < self.files && bytes <= self.bytes && age <= self.age;
            if !is_kept && !log.is_written() {
                let _ = fs::remove_file(&log.path);
            }
        }
    }
}

impl Log {
    fn at(path: Utf8PathBuf) -> Option<Self> {
        let meta = path.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(Self { path, changed: meta.modified().ok()?, len: meta.len() })
    }

    /// Whether a launcher still writes it.
    fn is_written(&self) -> bool {
        File::open(&self.path).is_ok_and(|file| file.try_lock().is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::processes::LogFile;

    const DAY: Duration = Duration::from_hours(24);

    /// A folder with logs of these names, lengths and ages in days; what is left of them.
    fn kept(retention: Retention, logs: &[(&str, usize, u32)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let now = SystemTime::now();
        for (name, len, days) in logs {
            fs::write_atomically(&path.join(name), &vec![b'x'; *len], 0o600).unwrap();
            let file = File::options().append(true).open(path.join(name)).unwrap();
            file.set_modified(now - DAY * *days).unwrap();
        }
        retention.apply(path, now);
        fs::list(path).unwrap()
    }

    const SMALL: Retention = Retention { age: Duration::from_hours(240), files: 3, bytes: 100 };

    #[test]
    fn runs_are_forgotten_by_age() {
        let logs = [("job-a-1.log", 1, 11), ("job-a-2.log", 1, 9), ("redis.log", 1, 99)];
        assert_eq!(kept(SMALL, &logs), ["job-a-2.log", "redis.log"]);
    }

    #[test]
    fn the_youngest_are_kept_by_number_and_by_size() {
        let logs =
            [("job-a.log", 1, 4), ("job-b.log", 1, 3), ("job-c.log", 1, 2), ("job-d.log", 1, 1)];
        assert_eq!(kept(SMALL, &logs), ["job-b.log", "job-c.log", "job-d.log"]);
        let logs = [("job-a.log", 50, 3), ("job-b.log", 60, 2), ("job-c.log.1", 40, 1)];
        assert_eq!(kept(SMALL, &logs), ["job-b.log", "job-c.log.1"]);
    }

    #[test]
    fn a_log_that_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let log = LogFile::open(&path.join("job-a.log")).unwrap();
        let later = SystemTime::now() + DAY * 99;
        SMALL.apply(path, later);
        assert_eq!(fs::list(path).unwrap(), ["job-a.log"]);
        drop(log);
        SMALL.apply(path, later);
        assert!(fs::list(path).unwrap().is_empty());
    }
}
