//! Log files: one per service and run, moved aside when large, the last lines kept for messages.

use std::{collections::VecDeque, fs::File, io::Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use crate::fs::{self, FsError, Kind};

/// A file larger than this is moved aside.
const LARGE: u64 = 10 << 20;
/// How many old files are kept: `.1`, the youngest, to `.3`.
const OLD_ONES: u32 = 3;
/// How many lines are kept for messages.
const LAST_LINES: usize = 20;

/// The log of one service or job.
#[derive(Debug)]
pub struct LogFile {
    path: Utf8PathBuf,
    /// Locked as long as it is written, so that [`super::retention`] leaves it alone.
    file: File,
    len: u64,
    large: u64,
    /// Lines that could not be written since the last one that could.
    lost: u64,
    last: VecDeque<String>,
}

impl LogFile {
    /// Continues the log at `path`, or begins it. The folder must exist.
    pub fn open(path: &Utf8Path) -> Result<Self, FsError> {
        let (file, len) = open(path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            len,
            large: LARGE,
            lost: 0,
            last: VecDeque::with_capacity(LAST_LINES),
        })
    }

    /// Adds a line. A disk that is full ends neither the service nor its log, which goes on when there is room again;
    /// the line is kept for messages in any case. Of lines that follow each other, the first that cannot be written is
    /// told as a sentence for the operator.
    pub fn line(&mut self, text: &str) -> Option<String> {
        if self.last.len() >= LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(text.to_owned());
        let why = match self.write(text) {
            Ok(()) => {
                self.lost = 0;
                return None;
            }
            Err(why) => why,
        };
        self.lost += 1;
        (self.lost == 1).then(|| format!("{why}; lines are missing in this log until that works"))
    }

    fn write(&mut self, text: &str) -> Result<(), FsError> {
        if self.len >= self.large {
            self.rotate()?;
        }
        // One write, so that no reader sees half a line and no second writer gets between.
        let line = match self.lost {
            0 => format!("{text}\n"),
            // The last attempt may have left half a line.
            lost => format!("\n({lost} lines could not be written here)\n{text}\n"),
        };
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|why| FsError::new("write", &self.path, why))?;
        self.len += line.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> Result<(), FsError> {
        for age in (1..OLD_ONES).rev() {
            if fs::kind(&self.old(age))? != Kind::Absent {
                fs::rename(&self.old(age), &self.old(age + 1))?;
            }
        }
        fs::rename(&self.path, &self.old(1))?;
        (self.file, self.len) = open(&self.path)?;
        Ok(())
    }

    fn old(&self, age: u32) -> Utf8PathBuf {
        format!("{}.{age}", self.path).into()
    }

    /// The last lines, oldest first.
    #[must_use]
    pub fn last_lines(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }
}

fn open(path: &Utf8Path) -> Result<(File, u64), FsError> {
    let file = fs::open_append(path)?;
    let len = file.metadata().map_err(|why| FsError::new("look at", path, why))?.len();
    // Fails where another launcher's guard still writes it, who then has the lock.
    let _ = file.try_lock_shared();
    Ok((file, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_log_moves_aside_and_the_fourth_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let mut log = LogFile { large: 1, ..LogFile::open(&folder.join("redis.log")).unwrap() };
        for line in ["one", "two", "three", "four", "five"] {
            log.line(line);
        }
        let names = ["redis.log", "redis.log.1", "redis.log.2", "redis.log.3"];
        assert_eq!(fs::list(folder).unwrap(), names);
        let texts = names.map(|name| fs::read_text(&folder.join(name)).unwrap());
        assert_eq!(texts, ["five\n", "four\n", "three\n", "two\n"]);
    }

    #[test]
    fn a_log_goes_on_where_it_ended_and_remembers_the_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("ray.log");
        LogFile::open(&path).unwrap().line("before");
        let mut log = LogFile::open(&path).unwrap();
        assert!((0..25).all(|n| log.line(&n.to_string()).is_none()));
        assert_eq!(fs::read_text(&path).unwrap().lines().count(), 26);
        assert_eq!(log.last_lines().len(), 20);
        assert_eq!(log.last_lines()[0], "5");
    }

    /// A file on which every write fails for want of room.
    fn full() -> std::fs::File {
        std::fs::OpenOptions::new().append(true).open("/dev/full").unwrap()
    }

    #[test]
    fn a_full_disk_is_told_once_and_costs_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("ray.log");
        let mut log = LogFile::open(&path).unwrap();
        log.file = full();
        let told: Vec<_> = (0..1000).filter_map(|n| log.line(&n.to_string())).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(path.as_str()) && told[0].contains("no space left"), "{told:?}");
        assert_eq!(log.last_lines().len(), LAST_LINES);
        assert_eq!(log.last_lines()[LAST_LINES - 1], "999");
    }

    #[test]
    fn a_log_goes_on_when_there_is_room_again_and_says_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("ray.log");
        let mut log = LogFile::open(&path).unwrap();
        log.file = full();
        assert!(log.line("one").is_some() && log.line("two").is_none());
        log.file = fs::open_append(&path).unwrap();
        assert!(log.line("three").is_none() && log.line("four").is_none());
        let text = "\n(2 lines could not be written here)\nthree\nfour\n";
        assert_eq!(fs::read_text(&path).unwrap(), text);
        log.file = full();
        assert!(log.line("five").is_some(), "a disk that is full again is told again");
    }
}
