//! The meeting of the launchers: each knows the complete, latest state of every peer.
//!
//! Level-triggered: what travels is state, never an event, so a lost connection loses nothing that the next message
//! does not say again. [`Meeting`] owns all tasks and sockets; what it learns leaves as [`MeetingEvent`]s. It does
//! not know what a job run needs (`launch::peers::lockstep`) nor what a difference of facts means for a launch.

mod client;
mod connection;
mod event;
mod facts;
mod meeting;
mod server;
mod snapshot;
mod wire;

#[cfg(test)]
mod tests;

pub use event::{HEARTBEAT, MeetingEvent, SILENCE};
pub use facts::{CLOCK_TOLERANCE, Difference, Sides, compare, compare_scripts, sentences};
pub use meeting::{Listeners, Meeting, MeetingConfig, MeetingError, OwnHosts};
pub use snapshot::{
    ENTRIES, Facts, JobEntry, JobState, LauncherPhase, Match, Snapshot, Ticket, now_millis,
};
pub use wire::WireError;
