//! Exit statuses, and failures that end a command.

use std::process::ExitCode;

use miette::Diagnostic;

use crate::{fs::FsError, launch::local::Problem};

/// How a command ended. The numbers are an interface: scripts depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: done.
    Done,
    /// 1: there are findings.
    Findings,
    /// 2: the command line is wrong.
    Usage,
    /// 3: tree or lock are not what the topology says.
    Drift,
    /// 4: this machine is not ready.
    NotReady,
    /// 5: a service, job or peer failed, or a result could not be written.
    Failed,
    /// 130: interrupted.
    Interrupted,
}

impl Status {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Drift => 3,
            Self::NotReady => 4,
            Self::Failed => 5,
            Self::Interrupted => 130,
        }
    }

    /// Which of several outcomes is that of the whole: a failure of a job or peer over one of a machine, and so on.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Interrupted => 1,
            Self::Drift => 2,
            Self::Findings => 3,
            Self::Usage => 4,
            Self::NotReady => 5,
            Self::Failed => 6,
        }
    }

    /// The status with that number, for the outcome of a child that is sfgen too.
    #[must_use]
    pub fn of_code(code: i32) -> Self {
        let all = [
            Self::Done,
            Self::Findings,
            Self::Usage,
            Self::Drift,
            Self::NotReady,
            Self::Failed,
            Self::Interrupted,
        ];
        all.into_iter().find(|status| i32::from(status.code()) == code).unwrap_or(Self::Failed)
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        status.code().into()
    }
}

/// Why a command could not go on.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The status to exit with.
    pub(crate) status: Status,
    /// The code of its page, if it has one.
    pub(crate) code: Option<String>,
    /// What went wrong.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: Option<String>,
}

impl Failure {
    /// A failure without a page.
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, code: None, message: message.into(), help: None }
    }

    /// Says what to do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A failure that a launcher tells.
    pub(crate) fn of_problem(status: Status, problem: Problem) -> Self {
        Self { status, code: problem.code, message: problem.message, help: problem.help }
    }

    /// A failure of a phase, with its code and help.
    pub(crate) fn of(status: Status, error: &dyn Diagnostic) -> Self {
        Self {
            status,
            code: error.code().map(|code| code.to_string()),
            message: error.to_string(),
            help: error.help().map(|help| help.to_string()),
        }
    }
}

impl From<FsError> for Failure {
    fn from(error: FsError) -> Self {
        Self::new(Status::NotReady, error.to_string())
    }
}
