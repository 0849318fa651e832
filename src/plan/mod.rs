//! The intermediate representation: what the tree says, before it is bytes.
//!
//! [`Federation`] is what all parties share, [`PartyPlan`] what one party's machines do. Both are complete and
//! serialisable; launcher and artifacts read nothing else. After this layer no decision is left.

mod build;
mod builder;
mod devices;
mod effect;
mod federation;
mod groups;
mod host_variables;
mod json;
mod location;
mod manifest;
mod names;
mod party;
mod place;
mod process;
mod processes;
mod ray;
mod runtime;
mod software;
mod step;
mod targets;
mod variable;

pub use build::{Plans, Requirements, build};
pub use effect::Effect;
pub use federation::{
    FORMAT, Federation, FederationHost, FederationJob, FederationParty, FederationRuntime,
    Fingerprints, Heu, Link, LinkAddress, Program, Spu, federation_bytes,
};
pub use groups::{Groups, Membership};
pub use json::{json_bytes, json_bytes_in};
pub use location::{Location, Locations, Word, located};
pub use manifest::{Manifest, ManifestFile};
pub use names::{
    LAUNCHER, NET_CONTAINER, compose_project, env_file_path, firewall_table, job_socket,
    job_socket_unit, launcher_run_folder, project, runtime_dir, target_unit, unit,
};
pub use party::{
    ContainerNetwork, Deploy, HostPlan, Identity, JobPlan, LinkTable, PartyPlan, RayPlan,
    RuntimeTls, SecretflowPlan, Simulation,
};
pub use process::{
    PathUse, Process, ProcessKind, Readiness, Restart, RunsAs, STEADY_AFTER, SecretUse,
};
pub use software::{CONSTRAINTS, PackageList, PackageSource, PlannedPackage, SoftwarePlan};
pub use step::{Action, Stage, Step, undo};
pub use targets::{TREE, UID, VENV};
pub use variable::Variable;

pub use crate::types::{Access, Engine, Links, Mode};
