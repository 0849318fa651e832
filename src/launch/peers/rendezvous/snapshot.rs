//! What a launcher tells its peers about itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::SystemTime,
};

use crate::types::{Digest, JobName, PartyName, TopologyName};

/// The most requests that one launcher may show at once.
pub const ENTRIES: usize = 1000;

/// The complete state of one launcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Grows with every change.
    pub sequence: u64,
    /// What must be the same everywhere.
    pub facts: Facts,
    /// How far the launcher is.
    pub phase: LauncherPhase,
    /// Its runs, in the order in which they were asked for.
    pub jobs: Vec<JobEntry>,
    /// Why it is about to leave, if it is.
    pub leaving: Option<String>,
}

/// What must be the same everywhere before anything starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Digest of `federation.json`.
    pub plan: Digest,
    /// Name of the topology.
    pub topology: TopologyName,
    /// Release of sfgen.
    pub sfgen: String,
    /// Releases of what the runtime is made of, by name: `python`, `secretflow`, `ray`, `spu`.
    pub runtime: BTreeMap<String, String>,
    /// Engine of the runtime, if it has several.
    pub engine: Option<String>,
    /// Milliseconds since 1970. The meeting sets it anew each time it sends.
    pub clock: u64,
}

/// How far a launcher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LauncherPhase {
    /// It looks at its machine.
    Preflight,
    /// It starts its services.
    Services,
    /// It looks for its peers.
    Meeting,
    /// All are there and agree.
    Armed,
    /// A job runs.
    Running,
    /// It ends what it started.
    Stopping,
}

impl fmt::Display for LauncherPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preflight => "preflight",
            Self::Services => "services",
            Self::Meeting => "meeting",
            Self::Armed => "armed",
            Self::Running => "running",
            Self::Stopping => "stopping",
        })
    }
}

/// One party's request to run a job once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEntry {
    /// The job.
    pub job: JobName,
    /// What distinguishes this request from every other.
    pub ticket: Ticket,
    /// Digest of the job's script, if it has one.
    pub script: Option<Digest>,
    /// How far it got.
    pub state: JobState,
    /// The parties of its run whose end this party has taken note of.
    pub heard: BTreeSet<PartyName>,
}

/// How far a request got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Not matched yet.
    Waiting,
    /// Matched, with a slot, and waiting for the others to be so, too.
    Armed(Match),
    /// Its process was started.
    Running(Match),
    /// Its process ended well.
    Done(Match),
    /// It did not end well, or did not start.
    Failed {
        /// The run, if it was matched.
        matched: Option<Match>,
        /// Why, for people, with the name of the party where it began.
        cause: String,
    },
}

impl JobState {
    /// The run to which the request belongs, if it was matched.
    #[must_use]
    pub fn matched(&self) -> Option<&Match> {
        match self {
            Self::Waiting => None,
            Self::Armed(run) | Self::Running(run) | Self::Done(run) => Some(run),
            Self::Failed { matched, .. } => matched.as_ref(),
        }
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed { .. })
    }
}

/// The requests of all parties that make one run, as one of the parties sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The ticket of each party.
    pub tickets: BTreeMap<PartyName, Ticket>,
    /// The slot, counted from 0, that the party whose entry this is gives to the run.
    pub slot: u16,
}

/// 128 random bits that name one request of one party.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket([u8; 16]);

impl Ticket {
    /// A ticket that no other request has.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system gives randomness");
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Ticket {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// This machine's clock, in milliseconds since 1970.
#[must_use]
pub fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
