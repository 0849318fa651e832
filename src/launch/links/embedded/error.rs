//! Why a sum could not be made.

use std::io;

use camino::Utf8PathBuf;
use miette::Diagnostic;
use thiserror::Error;

use crate::{
    fs::{self, FsError},
    launch::{machine::input_file::InputFileError, peers::identity::IdentityError},
    types::{Endpoint, JobName, PartyName},
};

/// What ended a sum before its total was known.
#[derive(Debug, Error, Diagnostic)]
pub enum SumError {
    /// The launcher did not say what to do.
    #[error("the variable {name} is missing or wrong: {why}")]
    #[diagnostic(
        code(SF0830),
        help("`sfgen run JOB --party NAME` starts the job; it cannot be started by hand")
    )]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A file of the tree cannot be read.
    #[error(transparent)]
    #[diagnostic(code(SF0831), help("run `sfgen plan`, and let the party pull the tree"))]
    Tree(FsError),
    /// A file of the tree is not what this release writes.
    #[error("`{path}` is not a plan of this release of sfgen: {why}")]
    #[diagnostic(code(SF0831), help("run `sfgen plan`, and let the party pull the tree"))]
    NotAPlan {
        /// The file.
        path: Utf8PathBuf,
        /// Where it differs.
        why: String,
    },
    /// The plan has no such sum.
    #[error("the plan has no sum `{job}` in which {party} has a number, a slot and a port")]
    #[diagnostic(
        code(SF0832),
        help("`job \"...\" kind=\"sum\"` names each party with its `input`")
    )]
    NotASum {
        /// The job.
        job: JobName,
        /// The party.
        party: PartyName,
    },
    /// The party's own number.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Input(#[from] InputFileError),
    /// The party's own certificates.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Identity(#[from] IdentityError),
    /// The party's port cannot be bound.
    #[error("cannot listen on {endpoint} for the other parties: {}", fs::reason(source))]
    #[diagnostic(code(SF0833), help("`ss -ltnp` shows who holds the port"))]
    Listen {
        /// What was to be bound.
        endpoint: Endpoint,
        /// What the system said.
        source: io::Error,
    },
    /// A party is not there.
    #[error("{party} {why}")]
    #[diagnostic(
        code(SF0834),
        help(
            "is the port open from here, and does the job run there? its launcher's log says why not"
        )
    )]
    Absent {
        /// The party.
        party: PartyName,
        /// What happened instead, as a phrase that follows its name.
        why: String,
    },
    /// A party sent something wrong.
    #[error("{party} {why}")]
    #[diagnostic(
        code(SF0835),
        help("start the job again at all parties, with the same release of sfgen")
    )]
    Wrong {
        /// The party.
        party: PartyName,
        /// What it sent, as a phrase that follows its name.
        why: String,
    },
    /// A connection ended in the middle.
    #[error("{party} {why} in the middle of the sum")]
    #[diagnostic(code(SF0836), help("the log of the job at {party} says why it ended there"))]
    Lost {
        /// The party.
        party: PartyName,
        /// What happened, as a phrase that follows its name.
        why: String,
    },
}
