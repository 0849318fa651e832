//! The intermediate representation: what the tree says, before it is bytes.
//!
//! [`Federation`] is what all parties share, [`PartyPlan`] what one party's machines do. Both are complete and
//! serialisable; launcher and artifacts read nothing else. After this layer no decision is left.

mod build;
mod federation;
mod manifest;
mod party;
mod services;

pub use build::{Plans, build};
pub use federation::{
    FORMAT, Federation, FederationHost, FederationJob, FederationParty, FederationRuntime,
    Fingerprints, Groups, Heu, Link, LinkAddress, Program, Spu, federation_bytes,
};
pub use manifest::{Manifest, ManifestFile};
pub use party::{
    ContainerNetwork, Deploy, HostPlan, Identity, JobPlan, LinkTable, PartyPlan, RayCommand,
    RayPlan, RuntimeTls, SecretflowPlan, ServicePlan, Simulation,
};

pub use crate::types::{Engine, Links, Mode};
