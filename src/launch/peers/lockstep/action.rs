//! What the launcher has to do about runs.

use std::collections::BTreeMap;

use super::run_id::RunId;
use crate::{
    launch::peers::rendezvous::Ticket,
    types::{JobName, PartyName},
};

/// What the launcher has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunAction {
    /// Start the job's process.
    Start {
        /// The job.
        job: JobName,
        /// The party's own request.
        ticket: Ticket,
        /// Name of the run, the same at all parties.
        run: RunId,
        /// The slot that each party gave to the run, counted from 0 at each.
        slots: BTreeMap<PartyName, u16>,
    },
    /// End the process that was started for this request.
    Abort {
        /// The party's own request.
        ticket: Ticket,
        /// Why.
        cause: String,
    },
    /// Nothing more will happen to this request; given once.
    Settled {
        /// The job.
        job: JobName,
        /// The party's own request.
        ticket: Ticket,
        /// How it ended at each party. The run as a whole went well when it did so at all of them.
        ends: BTreeMap<PartyName, PartyEnd>,
    },
}

/// How a run ended at one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartyEnd {
    /// Its process ended well.
    Done,
    /// It did not, or did not start; why, with the name of the party where it began.
    Failed(String),
}
