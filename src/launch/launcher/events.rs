//! What a launch reports while it is under way; the command line renders it.

use std::time::Duration;

use crate::{
    launch::peers::rendezvous::Phase,
    types::{Endpoint, PartyName},
};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The launcher moved on.
    Phase(Phase),
    /// A service moved on.
    Service {
        /// Which.
        name: String,
        /// Where it stands, in words.
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
    /// Peers are missing.
    Waiting {
        /// Who, where they are dialled, and why they are not there if that is known.
        missing: Vec<(PartyName, Endpoint, Option<String>)>,
        /// How long they are still waited for.
        left: Duration,
    },
    /// Somebody was turned away at the control port.
    Refused(String),
    /// Anything else worth a line.
    Note(String),
}
