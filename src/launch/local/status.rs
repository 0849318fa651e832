//! What a launcher says of itself: what `sfgen status --format json` prints.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{Digest, HostName, JobName, PartyName, TopologyName};

/// One launcher and what it looks after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LauncherStatus {
    /// The topology.
    pub topology: TopologyName,
    /// Whose launcher it is.
    pub party: PartyName,
    /// The plan digest that all parties compare.
    pub plan: Digest,
    /// Its process.
    pub pid: u32,
    /// `preflight`, `services`, `meeting`, `armed`, `running` or `stopping`.
    pub phase: String,
    /// Its services by name.
    pub services: BTreeMap<String, ServiceReport>,
    /// Its peers by name.
    pub peers: BTreeMap<PartyName, PeerReport>,
    /// The other hosts of its party: of the first one all further ones, of a further one the first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<HostName, PeerReport>,
    /// The runs that it knows of, oldest first.
    pub jobs: Vec<JobReport>,
    /// Where its logs are.
    #[schemars(with = "String")]
    pub logs: Utf8PathBuf,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceReport {
    /// Where it stands.
    pub phase: String,
    /// Process number of its guard, while there is one.
    pub pid: Option<u32>,
    /// How often it was started.
    pub starts: u32,
}

/// A peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeerReport {
    /// Where its launcher is dialled.
    pub address: String,
    /// Its phase, where it is there.
    pub phase: Option<String>,
    /// Why it is not there, or cannot be reached.
    pub trouble: Option<String>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobReport {
    /// The job.
    pub job: JobName,
    /// The run, the same name at all parties; absent until the parties agree.
    pub run: Option<String>,
    /// This party's slot.
    pub slot: Option<u16>,
    /// `waiting`, `armed`, `running`, `done` or `failed`.
    pub state: String,
    /// Why it failed.
    pub cause: Option<String>,
}
