//! What a launch reports while it is under way; the command line renders it.

use std::time::Duration;

use crate::{
    diag::Finding,
    launch::peers::{lockstep::RunId, rendezvous::LauncherPhase},
    types::{Endpoint, HostName, JobName, PartyName},
};

/// Something that happened during a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaunchEvent {
    /// Its socket and its port are open.
    Listening,
    /// The launcher entered another phase.
    Phase(LauncherPhase),
    /// A service entered another phase.
    Service {
        /// Which.
        name: String,
        /// The phase, and how it ended if it did.
        what: String,
    },
    /// A peer is there, and agrees.
    Met(PartyName),
    /// A peer that was there is gone.
    Gone {
        /// Who.
        party: PartyName,
        /// Why, as a phrase that follows its name.
        why: String,
    },
    /// Something about another host of the party.
    Host {
        /// Which.
        host: HostName,
        /// What, as a phrase that follows its name.
        what: String,
    },
    /// A peer that came for a run has left, since the run is over.
    Left(PartyName),
    /// Peers are missing.
    Waiting {
        /// Who, where they are dialled, and why they are not there if that is known.
        missing: Vec<(PartyName, Endpoint, Option<String>)>,
        /// After what time the launch fails; `None` where all have been here before, so that it stays up without them.
        left: Option<Duration>,
    },
    /// A run that this party took part in, or was to, is over.
    RunEnded {
        /// The job.
        job: JobName,
        /// The run, where the parties had agreed on one.
        run: Option<RunId>,
        /// Why it failed; `None` where it went well at all parties.
        failure: Option<String>,
    },
    /// Somebody was turned away at the control port.
    Refused(String),
    /// What is wrong with this machine, or may be.
    Findings(Vec<Finding>),
    /// Progress that is neither of these.
    Note(String),
}
