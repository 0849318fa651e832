//! What a group of services reports.

use camino::Utf8PathBuf;
use thiserror::Error;

use super::{
    phase::ServicePhase,
    process::{Ending, Stream},
};

/// What a group reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceEvent {
    /// A service entered another phase.
    Phase {
        /// Which.
        service: String,
        /// Where it stands now.
        phase: ServicePhase,
        /// How it ended last, if it has since its last start.
        ending: Option<Ending>,
    },
    /// A service wrote a line. Lines are dropped where the receiver is slow; the log has them all.
    Line {
        /// Which.
        service: String,
        /// Where it was written.
        stream: Stream,
        /// What was written.
        text: String,
    },
    /// The log of a service misses lines from here on.
    Log {
        /// Which.
        service: String,
        /// Why, and until when.
        trouble: String,
    },
    /// A service failed for good; the group is being stopped.
    Failed(ServiceFailure),
}

/// A service that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("service `{service}` {ending}{}", times(*starts))]
pub struct ServiceFailure {
    /// Which.
    pub service: String,
    /// How it ended the last time.
    pub ending: Ending,
    /// How often it was started.
    pub starts: u32,
    /// Its last lines, oldest first.
    pub last_lines: Vec<String>,
    /// Where all lines are.
    pub log: Utf8PathBuf,
}

fn times(starts: u32) -> String {
    if starts > 1 { format!(", the last of {starts} starts") } else { String::new() }
}

/// Where a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Its phase.
    pub phase: ServicePhase,
    /// Process number of its guard, while there is one.
    pub pid: Option<u32>,
    /// How often it was started.
    pub starts: u32,
}
