//! The intermediate representation: what the tree says, before it is bytes.
//!
//! [`Federation`] is what all parties share, [`PartyPlan`] what one party's machines do. Both are complete and
//! serialisable; launcher and artifacts read nothing else. After this layer no decision is left.

mod federation;
mod party;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use federation::{
    FORMAT, Federation, FederationHost, FederationJob, FederationParty, FederationRuntime,
    Fingerprints, Heu, Link, LinkAddress, Program, Spu,
};
pub use party::{
    ContainerNetwork, Deploy, HostPlan, Identity, JobPlan, LinkTable, PartyPlan, RayCommand,
    RayPlan, RuntimeTls, SecretflowPlan, ServicePlan, Simulation,
};

/// Production: every party its own cluster, all run the job. Simulation: one cluster, the job runs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Several organisations, with identities and a rendezvous.
    Production,
    /// One organisation's laboratory.
    Simulation,
}

/// SecretFlow's two ways to run a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// `ray_mode=True`: the driver joins the party's Ray cluster.
    Ray,
    /// `ray_mode=False`: a thread pool in the driver.
    Threads,
}

/// How the parties' programs reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Links {
    /// Each link on a port of its own, with the runtime's TLS.
    Direct,
    /// One port per party; the launchers carry all links.
    Gateway,
}
