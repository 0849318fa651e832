//! Why a launch failed.

use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;

use crate::{
    fs::FsError,
    launch::{
        peers::{identity::IdentityError, rendezvous::MeetingError},
        processes::{ServiceFailure, SpecError},
    },
    types::PartyName,
};

/// Why a launch failed.
#[derive(Debug, Error, Diagnostic)]
pub enum LaunchError {
    /// Certificates or keys are not usable.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Identity(#[from] IdentityError),
    /// The control port cannot be bound.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Meeting(#[from] MeetingError),
    /// The plan's services cannot be started as they are.
    #[error(transparent)]
    #[diagnostic(code(SF0894), help("plan again: `after` names services of the same host"))]
    Specs(#[from] SpecError),
    /// A service gave up.
    #[error("{}", with_last_lines(failure))]
    #[diagnostic(code(SF0895), help("the whole log: {}", failure.log))]
    Service {
        /// Which one, how it ended, and what it said last.
        failure: Box<ServiceFailure>,
    },
    /// Peers did not come.
    #[error("{me} waited {waited:?} for {missing}")]
    #[diagnostic(
        code(SF0896),
        help(
            "start their launchers (`sfgen apply --party ...` there), and see that the addresses are open from here; `--wait` waits longer"
        )
    )]
    Absent {
        /// Who waited.
        me: PartyName,
        /// For whom, where, and why they are not there.
        missing: String,
        /// How long.
        waited: Duration,
    },
    /// The disk, or the system.
    #[error(transparent)]
    Fs(#[from] FsError),
}

fn with_last_lines(failure: &ServiceFailure) -> String {
    let lines = failure.last_lines.iter().map(|line| format!("\n  {line}"));
    format!("{failure}{}", lines.collect::<String>())
}
