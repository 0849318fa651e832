//! What the meeting reports, and how often peers must be heard of.

use std::{net::SocketAddr, time::Duration};

use super::snapshot::Snapshot;
use crate::types::{HostName, PartyName};

/// How often a launcher repeats its state, so that peers notice when it is gone.
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// After how long without a snapshot a peer counts as gone: three heartbeats.
pub const SILENCE: Duration = Duration::from_secs(3);

/// What the meeting learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeetingEvent {
    /// A peer sent its state; at least once per heartbeat.
    Peer {
        /// Who, by its certificate.
        party: PartyName,
        /// Its state.
        snapshot: Snapshot,
    },
    /// A further host of this party sent its state; at least once per heartbeat.
    Host {
        /// Which, as it says. Whose it is follows from its certificate, which is this party's own.
        host: HostName,
        /// Its state.
        snapshot: Snapshot,
    },
    /// The stream of a further host ended, or fell silent. It may come back with [`MeetingEvent::Host`].
    HostGone {
        /// Which.
        host: HostName,
        /// Why, as a phrase that follows its name.
        why: String,
    },
    /// This launcher's state does not reach a peer, or the first host of its own party. Reported once per reason, until it works again.
    Unreachable {
        /// Who.
        party: PartyName,
        /// Why, as a phrase that follows its name.
        why: String,
    },
    /// A peer acknowledges this launcher's state for the first time on a connection.
    Reached {
        /// Who.
        party: PartyName,
    },
    /// Somebody was turned away at the control port.
    Refused {
        /// From where it came.
        from: SocketAddr,
        /// Why, as a phrase that follows its address.
        why: String,
    },
    /// A peer's stream ended, or fell silent. It may come back with [`MeetingEvent::Peer`].
    Gone {
        /// Who.
        party: PartyName,
        /// Why, as a phrase that follows its name.
        why: String,
    },
}
