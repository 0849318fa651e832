//! Why a launch failed.

use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;

use crate::{
    fs::FsError,
    launch::{
        peers::{
            identity::IdentityError,
            rendezvous::{Difference, MeetingError},
        },
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
    /// Parties are not the same where they must be.
    #[error("{}", sentences(.0))]
    #[diagnostic(
        code(SF0820),
        help("all parties pull the same commit, plan nothing by hand, and use the same releases")
    )]
    Differs(Vec<Difference>),
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

fn sentences(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn with_last_lines(failure: &ServiceFailure) -> String {
    let lines = failure.last_lines.iter().map(|line| format!("\n  {line}"));
    format!("{failure}{}", lines.collect::<String>())
}
