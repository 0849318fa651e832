//! Log files: one per service, moved aside when large, the last lines kept for messages.

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
    file: Option<File>,
    len: u64,
    large: u64,
    last: VecDeque<String>,
}

impl LogFile {
    /// Continues the log at `path`, or begins it. The folder must exist.
    pub fn open(path: &Utf8Path) -> Result<Self, FsError> {
        let mut log = Self {
            path: path.to_owned(),
            file: None,
            len: 0,
            large: LARGE,
            last: VecDeque::with_capacity(LAST_LINES),
        };
        log.reopen()?;
        Ok(log)
    }

    fn reopen(&mut self) -> Result<(), FsError> {
        self.len = match fs::kind(&self.path)? {
            Kind::File { len, .. } => len,
            _ => 0,
        };
        self.file = Some(fs::open_append(&self.path)?);
        Ok(())
    }

    /// Adds a line. A disk that is full ends the log and not the service; the line is still kept for messages.
    pub fn line(&mut self, text: &str) {
        if self.last.len() == LAST_LINES {
            self.last.pop_front();
        }
        self.last.push_back(text.to_owned());
        if let Err(why) = self.write(text) {
            self.file = None;
            self.last.push_back(format!("(the log ends here: {why})"));
        }
    }

    fn write(&mut self, text: &str) -> Result<(), FsError> {
        if self.file.is_some() && self.len >= self.large {
            self.rotate()?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        // One write, so that no reader sees half a line and no second writer gets between.
        let line = format!("{text}\n");
        file.write_all(line.as_bytes()).map_err(|why| FsError::new("write", &self.path, why))?;
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
        self.reopen()
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
        (0..25).for_each(|n| log.line(&n.to_string()));
        assert_eq!(fs::read_text(&path).unwrap().lines().count(), 26);
        assert_eq!(log.last_lines().len(), 20);
        assert_eq!(log.last_lines()[0], "5");
    }
}
