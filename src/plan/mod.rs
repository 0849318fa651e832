//! The intermediate representation: what the tree says, before it is bytes.
//!
//! [`Federation`] is what all parties share, [`PartyPlan`] what one party's machines do. Both are complete and
//! serialisable; launcher and artifacts read nothing else. After this layer no decision is left.

mod build;
mod effect;
mod federation;
mod groups;
mod manifest;
mod party;
mod services;

pub use build::{Plans, build};
pub use effect::Effect;
pub use federation::{
    FORMAT, Federation, FederationHost, FederationJob, FederationParty, FederationRuntime,
    Fingerprints, Heu, Link, LinkAddress, Program, Spu, federation_bytes,
};
pub use groups::{Groups, Membership};
pub use manifest::{Manifest, ManifestFile};
pub use party::{
    ContainerNetwork, Deploy, HostPlan, Identity, JobPlan, LinkTable, PartyPlan, RayCommand,
    RayPlan, RuntimeTls, SecretflowPlan, ServicePlan, Simulation,
};

pub use crate::types::{Engine, Links, Mode};
