//! The topology: what the user means, with names resolved, defaults filled in and places kept.
//!
//! One file per KDL node, which holds its type and its reading. Which values there are, their ranges and their defaults
//! stand in the table of the language ([`syntax::language`](crate::syntax::language)). Reading never stops at a mistake:
//! what could be read is there, the rest is a finding.

mod address;
mod cluster;
mod demand;
mod device;
mod files;
mod host;
mod host_variable;
mod identity;
mod job;
mod literal_port;
mod machine;
mod names;
mod network;
mod pages;
mod party;
mod party_name;
mod pin;
mod placeholder;
mod ports;
mod read;
mod runtime;
mod service;
mod setting;
mod software;
mod targets;
mod topology;
mod trust;

pub use cluster::Cluster;
pub use demand::{Demand, demands};
pub use device::{Encoding, Heu, LinkOptions, Spu};
pub use files::{MachineFiles, Mount, Secret};
pub use host::{Host, Outside, Ray};
pub use host_variable::{HostVariable, host_variables};
pub use identity::Identity;
pub use job::{Input, Job, JobKind};
pub use literal_port::{LiteralPort, literal_ports};
pub use machine::Machine;
pub use network::{DockerNetwork, Network};
pub use pages::PAGES;
pub use party::Party;
pub use pin::Pin;
pub use placeholder::{Text, Variable};
pub use ports::Ports;
pub use read::{OtherIdentity, other_identities, party_names, read_party};
pub use runtime::{AllowDeserialize, CrossSilo, PythonVersion, Runtime, Secretflow};
pub use service::{Service, ServicePort};
pub use setting::Setting;
pub use software::{ListedPackage, PackageLists, Software};
pub use targets::{Deploy, Docker, Keeper, Kuscia, Systemd, TARGETS, Target};
pub use topology::Topology;
pub use trust::{SwitchedOff, read_links, read_tls};
