//! Which Python on this machine has the wanted version.

use std::{env, ffi::OsStr, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use super::{PythonError, child};
use crate::fs;

/// How long an interpreter may take to tell its version.
const LIMIT: Duration = Duration::from_secs(10);

const ASK_VERSION: &str = "import sys; print('%d.%d.%d' % sys.version_info[:3])";

/// A Python that was asked for its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// The interpreter.
    pub path: Utf8PathBuf,
    /// Its version to the patch level, which Ray compares.
    pub version: String,
    /// `uv`, where it is on the path: it makes environments of this Python faster than `venv` and pip do.
    pub uv: Option<Utf8PathBuf>,
}

/// Where to look, from the caller's environment.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// `SFGEN_PYTHON`: the only candidate, if it is set.
    pub chosen: Option<Utf8PathBuf>,
    /// `PATH`, absolute folders only.
    pub path: Vec<Utf8PathBuf>,
    /// `PYENV_ROOT`, else `~/.pyenv`.
    pub pyenv: Option<Utf8PathBuf>,
}

impl Search {
    /// Reads this process's environment.
    #[must_use]
    pub fn from_process() -> Self {
        Self::new(|name| env::var_os(name))
    }

    fn new<S: AsRef<OsStr>>(variable: impl Fn(&str) -> Option<S>) -> Self {
        let folder = |name: &str| {
            let value = variable(name)?;
            let text = value.as_ref().to_str().filter(|text| !text.is_empty())?;
            Some(Utf8PathBuf::from(text))
        };
        let split = |path: S| env::split_paths(path.as_ref()).collect::<Vec<_>>();
        let path = variable("PATH").map(split).unwrap_or_default();
        let path = path.into_iter().filter_map(|part| Utf8PathBuf::from_path_buf(part).ok());
        Self {
            chosen: folder("SFGEN_PYTHON"),
            // A relative folder would mean another one in each working folder.
            path: path.filter(|part| part.is_absolute()).collect(),
            pyenv: folder("PYENV_ROOT").or_else(|| Some(folder("HOME")?.join(".pyenv"))),
        }
    }

    /// The first Python whose version is `wanted` (`3.10`, or `3.10.13`), in this order: `SFGEN_PYTHON` alone if it is set;
    /// `python3.10` and `python3` on the path; pyenv's, newest first; what `uv` has installed.
    ///
    /// Candidates are asked one after the other, until one fits.
    pub async fn find(&self, wanted: &str) -> Result<Python, PythonError> {
        if let Some(path) = &self.chosen {
            let program =
                self.programs(path.as_str()).next().filter(|_| !path.as_str().contains('/'));
            let asked = Asked::of(program.unwrap_or_else(|| path.clone())).await;
            let answer = asked.phrase();
            let found = asked.fitting(wanted, self.uv());
            return found.ok_or_else(|| PythonError::NotTheChosen {
                wanted: wanted.to_owned(),
                path: path.clone(),
                answer,
            });
        }
        let mut asked: Vec<Asked> = Vec::new();
        let mut seen = Vec::new();
        let mut uv = self.uv();
        let mut candidates = candidates(wanted, self).into_iter();
        loop {
            let mut next = candidates.next();
            // The slowest to ask, so it is asked last, and once.
            if next.is_none()
                && let Some(uv) = uv.take()
            {
                next = of_uv(&uv, wanted).await;
            }
            let Some(path) = next else { break };
            // `/bin` is often a link to `/usr/bin`, so folders are resolved. The program's own name is not: pyenv's shims are
            // links to one program that acts by the name under which it is called.
            let folder = path.parent().and_then(|folder| fs::resolve(folder).ok());
            let place = (folder, path.file_name().map(str::to_owned));
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            let answer = Asked::of(path).await;
            if let Some(found) = answer.fitting(wanted, self.uv()) {
                return Ok(found);
            }
            asked.push(answer);
        }
        Err(not_found(wanted, &asked))
    }

    /// The programs of this name on the path, first one first.
    fn programs(&self, name: &str) -> impl Iterator<Item = Utf8PathBuf> {
        let name = name.to_owned();
        let path = self.path.iter().map(move |folder| folder.join(&name));
        path.filter(|program| fs::is_program(program))
    }

    /// `uv`, if it is installed.
    fn uv(&self) -> Option<Utf8PathBuf> {
        self.programs("uv").next()
    }
}

/// What became of asking one candidate: its version, or what it did instead.
#[derive(Clone, Debug)]
struct Asked {
    path: Utf8PathBuf,
    answer: Result<String, String>,
}

impl Asked {
    async fn of(path: Utf8PathBuf) -> Self {
        let mut command = child::command(&path);
        // Isolated, so that neither a module in the working folder nor one of the user's has a say.
        command.args(["-I", "-c", ASK_VERSION]);
        let answer = child::ask(command, LIMIT).await.and_then(|text| {
            let is_version = text.split('.').count() == 3 && numbers(&text).is_some();
            if is_version {
                Ok(text)
            } else {
                Err(format!("answers {text:?}, which is no version"))
            }
        });
        Self { path, answer }
    }

    fn fitting(&self, wanted: &str, uv: Option<Utf8PathBuf>) -> Option<Python> {
        let version = self.answer.as_ref().ok().filter(|version| fits(wanted, version))?;
        Some(Python { path: self.path.clone(), version: version.clone(), uv })
    }

    fn phrase(&self) -> String {
        match &self.answer {
            Ok(version) => format!("is {version}"),
            Err(phrase) => phrase.clone(),
        }
    }
}

/// Whether `version` is the wanted one: 3.10.13 is a 3.10, and 3.1 is not.
fn fits(wanted: &str, version: &str) -> bool {
    let rest = version.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn not_found(wanted: &str, asked: &[Asked]) -> PythonError {
    let lines = asked.iter().map(|asked| format!("\n  `{}` {}", asked.path, asked.phrase()));
    let tried = if asked.is_empty() {
        ": there is no `python3` on PATH and none of pyenv or uv".to_owned()
    } else {
        lines.collect()
    };
    PythonError::NotFound { wanted: wanted.to_owned(), tried }
}

/// The interpreters of the path and of pyenv, in the order in which they are asked.
fn candidates(wanted: &str, search: &Search) -> Vec<Utf8PathBuf> {
    let minor: Vec<&str> = wanted.splitn(3, '.').take(2).collect();
    let named = format!("python{}", minor.join("."));
    let mut found: Vec<_> = search.programs(&named).chain(search.programs("python3")).collect();
    if let Some(versions) = search.pyenv.as_ref().map(|root| root.join("versions")) {
        // A machine without pyenv, or with one that this account cannot read, has other places to look in.
        let folders = newest_first(fs::list(&versions).unwrap_or_default());
        let of_pyenv = folders.iter().map(|name| versions.join(name).join("bin/python3"));
        found.extend(of_pyenv.filter(|path| fs::is_program(path)));
    }
    found
}

/// Sorts pyenv's folders by version; those that are named otherwise, such as `pypy3.10-7.3`, come last.
fn newest_first(mut names: Vec<String>) -> Vec<String> {
    names.sort_by(|a, b| numbers(b).cmp(&numbers(a)).then_with(|| a.cmp(b)));
    names
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

async fn of_uv(uv: &Utf8Path, wanted: &str) -> Option<Utf8PathBuf> {
    let mut command = child::command(uv);
    command.args(["python", "find", "--offline", "--no-project", "--no-python-downloads", wanted]);
    // Having none is an answer like any other.
    let path = child::ask(command, LIMIT).await.ok()?;
    Some(Utf8PathBuf::from(path)).filter(|path| fs::is_program(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_fits_by_whole_parts() {
        for (wanted, version, expected) in [
            ("3.10", "3.10.13", true),
            ("3.10.13", "3.10.13", true),
            ("3.1", "3.10.13", false),
            ("3.10.1", "3.10.13", false),
            ("3.10.13", "3.10.1", false),
            ("3.10", "3.11.7", false),
        ] {
            assert_eq!(fits(wanted, version), expected, "{version} for {wanted}");
        }
    }

    #[test]
    fn the_newest_patch_of_pyenv_comes_first() {
        let names = ["3.10.13", "3.10.9", "3.9.18", "pypy3.10-7.3"].map(str::to_owned).to_vec();
        assert_eq!(newest_first(names), ["3.10.13", "3.10.9", "3.9.18", "pypy3.10-7.3"]);
    }

    #[test]
    fn the_error_lists_every_candidate_and_says_what_to_do() {
        let asked = |path: &str, answer| Asked { path: path.into(), answer };
        let error = not_found(
            "3.10",
            &[
                asked("/shims/python3.10", Err("fails with exit status: 127: not found".into())),
                asked("/usr/bin/python3", Ok("3.11.2".into())),
            ],
        );
        insta::assert_snapshot!(error, @"
        there is no Python 3.10 on this machine
          `/shims/python3.10` fails with exit status: 127: not found
          `/usr/bin/python3` is 3.11.2
        ");
        insta::assert_snapshot!(not_found("3.10", &[]), @"there is no Python 3.10 on this machine: there is no `python3` on PATH and none of pyenv or uv");
        let help = miette::Diagnostic::help(&error).unwrap().to_string();
        assert!(help.contains("`pyenv install 3.10`"), "{help}");
    }

    #[test]
    fn relative_folders_of_the_path_are_not_searched() {
        let search = Search::new(|name| match name {
            "PATH" => Some("/usr/bin::bin:/bin"),
            "HOME" => Some("/home/a"),
            "SFGEN_PYTHON" => Some(""),
            _ => None,
        });
        assert_eq!(search.path, ["/usr/bin", "/bin"]);
        assert_eq!(search.pyenv.unwrap(), "/home/a/.pyenv");
        assert_eq!(search.chosen, None);
    }
}
