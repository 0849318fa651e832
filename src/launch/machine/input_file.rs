//! A party's number for a sum, read from the file on its machine that holds it.

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;

use crate::{
    diag::{Code, Finding},
    fs,
};

/// A party's number cannot be read.
const UNREADABLE: Code = Code("SF0884");

/// A number has at most 20 characters; what is longer is another file.
const LONGEST: usize = 1 << 10;

/// Why a number cannot be had.
#[derive(Debug, Error, Diagnostic)]
#[error("the input of job `{job}` cannot be read from `{path}`: {why}")]
#[diagnostic(code(SF0884), help("{help}"))]
pub struct InputFileError {
    /// Whose input.
    job: String,
    /// The file.
    path: Utf8PathBuf,
    /// What is wrong with it. It quotes nothing of the file.
    why: String,
    /// What to do.
    help: String,
}

impl InputFileError {
    /// It as a finding of this machine.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding::error(UNREADABLE, self.to_string()).help(self.help.as_str())
    }
}

/// Reads the number that `path` holds for a job: one whole number, with or without a line end. Links are followed.
pub fn read_input(job: &str, path: &Utf8Path) -> Result<i64, InputFileError> {
    let fail = |why: &str, help: String| {
        let (job, path, why) = (job.to_owned(), path.to_owned(), why.to_owned());
        InputFileError { job, path, why, help }
    };
    let write = || format!("write the number into it, on this machine only: `echo 11 > {path}`");
    let bytes = fs::read_regular(path, LONGEST).map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => fail("it is not there", write()),
        std::io::ErrorKind::PermissionDenied => fail(
            "this account may not read it",
            format!("give it to the account that runs the job: `chown $USER {path}`"),
        ),
        _ => fail(&why.reason(), write()),
    })?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    text.trim().parse().map_err(|_| {
        fail(
            "it does not hold one whole number",
            format!("{}; a sum adds numbers of 64 bits", write()),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_and_what_is_none_is_told_without_a_byte_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("number");
        let told = |path: &Utf8Path| read_input("total", path).unwrap_err().to_string();
        assert!(told(&path).ends_with("number`: it is not there"), "{}", told(&path));
        for (text, number) in [("11", 11), ("-5\n", -5), (" 9223372036854775807 \r\n", i64::MAX)] {
            fs::write_atomically(&path, text.as_bytes(), 0o600).unwrap();
            assert_eq!(read_input("total", &path).unwrap(), number);
        }
        for text in ["", "secret", "11 12", "1.5", "9223372036854775808", &"1".repeat(LONGEST + 1)]
        {
            fs::write_atomically(&path, text.as_bytes(), 0o600).unwrap();
            assert!(
                told(&path).ends_with(": it does not hold one whole number"),
                "{}",
                told(&path)
            );
        }
        let folder = path.parent().unwrap();
        assert!(told(folder).contains("it is no regular file"), "{}", told(folder));
    }
}
