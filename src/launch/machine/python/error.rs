//! What can be wrong with the Python of a machine.

use camino::Utf8PathBuf;
use miette::Diagnostic;
use thiserror::Error;

use crate::fs::{self, FsError};

/// Why there is no environment to run a job in.
#[derive(Debug, Error, Diagnostic)]
pub enum PythonError {
    /// No candidate has the wanted version.
    #[error("there is no Python {wanted} on this machine{tried}")]
    #[diagnostic(
        code(SF0870),
        help(
            "the runtime's packages exist for Python {wanted} only; get one with `pyenv install {wanted}` or `uv python install {wanted}`, or name one in SFGEN_PYTHON"
        )
    )]
    NotFound {
        /// The version that the plan names.
        wanted: String,
        /// One line per candidate, each behind a line break.
        tried: String,
    },
    /// The Python that the user named is another one, or none.
    #[error("SFGEN_PYTHON names no Python {wanted}: `{path}` {answer}")]
    #[diagnostic(
        code(SF0871),
        help("let it name a Python {wanted}, or unset it and sfgen looks for one")
    )]
    NotTheChosen {
        /// The version that the plan names.
        wanted: String,
        /// What the variable says.
        path: Utf8PathBuf,
        /// What became of asking it.
        answer: String,
    },
    /// A program could not be started.
    #[error("cannot start `{program}`: {}", fs::reason(why))]
    #[diagnostic(code(SF0872), help("is the file there, and may the user that runs sfgen run it?"))]
    NotStarted {
        /// The program.
        program: String,
        /// What the system said.
        why: std::io::Error,
    },
    /// The empty environment could not be made.
    #[error("cannot make a virtual environment in `{folder}` ({status}):\n{tail}")]
    #[diagnostic(
        code(SF0873),
        help(
            "the Python may lack `venv`: on Debian and Ubuntu it is in the package `python3-venv`; those of pyenv and uv have it"
        )
    )]
    NotMade {
        /// The environment's folder.
        folder: Utf8PathBuf,
        /// How the program ended.
        status: std::process::ExitStatus,
        /// Its last lines.
        tail: String,
    },
    /// The packages could not be installed.
    #[error("cannot install the packages into `{folder}` ({status}):\n{tail}")]
    #[diagnostic(
        code(SF0874),
        help(
            "can this machine reach its package index, and is there room for 2 GB? `https_proxy` names a proxy, PIP_INDEX_URL a mirror, PIP_FIND_LINKS a folder of wheels; `sfgen explain SF0874` says more"
        )
    )]
    NotInstalled {
        /// The environment's folder.
        folder: Utf8PathBuf,
        /// How the program ended.
        status: std::process::ExitStatus,
        /// Its last lines.
        tail: String,
    },
    /// The folder of environments cannot be written.
    #[error(transparent)]
    #[diagnostic(
        code(SF0875),
        help(
            "environments are kept in the state folder; it must belong to the user that runs sfgen"
        )
    )]
    Disk(#[from] FsError),
    /// The environment does not tell what is in it.
    #[error("the environment `{folder}` does not tell its versions: it {answer}")]
    #[diagnostic(code(SF0876), help("remove the folder; the next start makes it again"))]
    NoVersions {
        /// The environment's folder.
        folder: Utf8PathBuf,
        /// What became of asking it.
        answer: String,
    },
}
