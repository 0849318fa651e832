//! `<party>/plan.json`: what one party's launcher reads beside `federation.json`.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{
    Account, DeviceName, Digest, Home, HostAddr, HostName, Image, JobName, NetworkName, PartyName,
    Port, PortMapping, PortRange, PortRanges, ProcessName, Role, RuntimeParty, Size, Subnet,
};

use super::{
    Engine, Heu, LinkAddress, Locations, Mode, Process, Program, SoftwarePlan, Spu, Step, Variable,
    federation::port_ranges,
};

/// The plan of one party, complete: no decision is left to who carries it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyPlan {
    /// Version of the format.
    pub format: u32,
    /// Whose plan this is.
    pub party: PartyName,
    /// Digest of `federation.json`, the plan digest that launchers compare.
    pub federation: Digest,
    /// Production or simulation.
    pub mode: Mode,
    /// How the party's processes are started.
    pub deploy: Deploy,
    /// Where the party's certificates lie; `None` in simulation.
    pub identity: Option<Identity>,
    /// The address its listeners bind.
    pub listen: HostAddr,
    /// Host on which the launcher, the driver and the SPU nodes live.
    pub main_host: HostName,
    /// Its hosts by name.
    pub hosts: BTreeMap<HostName, HostPlan>,
    /// SecretFlow's share of the plan; `None` with the embedded runtime.
    pub secretflow: Option<SecretflowPlan>,
    /// What SecretFlow calls the parties of this plan, where that is another name than theirs here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<PartyName, RuntimeParty>,
    /// Where this party dials its peers, and, under its own name, what peers dial.
    pub links: LinkTable,
    /// The SPUs in which it takes part.
    pub spus: BTreeMap<DeviceName, Spu>,
    /// The HEUs in which it takes part.
    pub heus: BTreeMap<DeviceName, Heu>,
    /// The jobs in which it takes part.
    pub jobs: BTreeMap<JobName, JobPlan>,
}

/// How a party's processes are started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "target", rename_all = "kebab-case")]
pub enum Deploy {
    /// By `sfgen apply` itself.
    Process,
    /// By systemd, through units.
    Systemd {
        /// The account that runs everything.
        user: Account,
        /// Its folder, with the virtual environment in `venv`.
        home: Home,
    },
    /// By Docker, through a compose file.
    Docker {
        /// The network that the containers join.
        network: ContainerNetwork,
        /// The image for all that has none of its own; absent where one is built.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        image: Option<Image>,
    },
}

/// The network of a party's containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum ContainerNetwork {
    /// The machine's own.
    Host,
    /// A user-defined bridge.
    Bridge {
        /// Its name.
        name: NetworkName,
        /// Its subnet.
        subnet: Subnet,
    },
}

/// Where a party's certificates lie, relative to the folder of the topology unless absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Its CA certificate, committed.
    #[schemars(with = "String")]
    pub ca: Utf8PathBuf,
    /// Its leaf certificate, committed.
    #[schemars(with = "String")]
    pub cert: Utf8PathBuf,
    /// The leaf's private key, on the party's machine only.
    #[schemars(with = "String")]
    pub key: Utf8PathBuf,
}

/// One host of the party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostPlan {
    /// What peers dial.
    pub address: HostAddr,
    /// The machine's own address, which Ray and the party's other hosts use, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<HostAddr>,
    /// Every listener of the host.
    pub ports: BTreeMap<Role, PortRanges>,
    /// Numbers that are kept for the growth of these listeners; nothing listens there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<Role, PortRanges>,
    /// Its Ray node, if the engine is Ray.
    pub ray: Option<RayPlan>,
    /// Variables that all of its processes have, as in its env file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// What runs here, in the order in which it starts.
    pub processes: Vec<Process>,
    /// Where the folders are that the processes name; empty where the machine itself decides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locations: Locations,
    /// Where they are for the launcher and for what runs as its account, where that is another one than that of services
    /// and jobs; else empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub launcher_locations: Locations,
    /// What must be done on the machine, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Ports that the machine passes on to the containers that run here; only on a bridge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publish: Vec<PortMapping>,
}

/// The resource of a head that has further nodes. The receiver of each run asks for one unit of it, so that Ray starts
/// it on the host that the peers dial (`docs/runtime.md`, Ray on several hosts of a party). Users' resources have no
/// colon in their names.
pub(super) const RECEIVER: &str = "sfgen:receiver";

/// One Ray node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RayPlan {
    /// The GCS of the head to join; `None` on the head itself.
    pub join: Option<String>,
    /// What answers last on that head, so that a node joins one that is up; `None` on the head itself. On one machine,
    /// two nodes that start at once may take each other's sockets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<String>,
    /// `--num-cpus`.
    pub cpus: u32,
    /// `--num-gpus`; absent where Ray looks for them itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
    /// `--memory`; absent where Ray takes what is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Size>,
    /// `--object-store-memory`.
    pub object_store: Size,
    /// `--dashboard-host`; absent where no dashboard is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<HostAddr>,
    /// `--resources`: those of the topology, party names with their slots in simulation, and on a head that has further
    /// nodes the one that ties the cross-silo receiver to it.
    pub resources: BTreeMap<String, u32>,
}

/// SecretFlow's share of a party's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretflowPlan {
    /// Release, as on PyPI.
    pub version: String,
    /// Engine of the driver.
    pub engine: Engine,
    /// Wanted Python, `3.10` or `3.10.13`.
    pub python: String,
    /// Arguments of `sf.init` that do not change from run to run.
    pub init: serde_json::Value,
    /// Certificates for the runtime's own TLS; `None` where it has none or is told not to.
    pub tls: Option<RuntimeTls>,
    /// Parties and address of a simulation; `None` in production.
    pub simulation: Option<Simulation>,
    /// What is installed beside it, and from where all is.
    #[serde(default, skip_serializing_if = "SoftwarePlan::is_default")]
    pub software: SoftwarePlan,
}

/// Paths that `tls_config` and `tls_opts` name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuntimeTls {
    /// The peers' CAs, relative to the tree.
    #[schemars(with = "String")]
    pub ca: Utf8PathBuf,
    /// The party's leaf, relative to the folder of the topology unless absolute.
    #[schemars(with = "String")]
    pub cert: Utf8PathBuf,
    /// Its key, likewise.
    #[schemars(with = "String")]
    pub key: Utf8PathBuf,
}

/// Arguments of `sf.init` in simulation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// All parties.
    pub parties: Vec<PartyName>,
    /// `local`, or `host:port` of the head's GCS.
    pub address: String,
}

/// Where links are dialled, by link, then by party.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkTable {
    /// The cross-silo links.
    pub sf: BTreeMap<PartyName, LinkAddress>,
    /// The links of each SPU.
    pub spu: BTreeMap<DeviceName, BTreeMap<PartyName, LinkAddress>>,
}

/// A job, from one party's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobPlan {
    /// Its parties.
    pub parties: BTreeSet<PartyName>,
    /// How many runs of it may be under way at once.
    pub slots: u16,
    /// What it runs; the arguments with this party's placeholders filled in.
    pub program: Program,
    /// Its process on this party's first host; `None` where something else starts it.
    pub process: Option<Process>,
    /// This party's number for a sum, where the topology has it.
    pub input: Option<i64>,
    /// The file on this party's machine that holds its number for a sum, relative to the folder of the topology unless
    /// absolute. No other party is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub input_file: Option<Utf8PathBuf>,
}

impl PartyPlan {
    /// What SecretFlow calls a party.
    #[must_use]
    pub fn runtime_name(&self, party: &PartyName) -> RuntimeParty {
        self.names.get(party).cloned().unwrap_or_else(|| party.into())
    }

    /// The host on which the launcher lives.
    #[must_use]
    pub fn main(&self) -> &HostPlan {
        self.hosts.get(&self.main_host).expect("a plan lists its main host")
    }
}

impl HostPlan {
    /// The address that the machine has itself.
    #[must_use]
    pub fn own_address(&self) -> &HostAddr {
        self.inside.as_ref().unwrap_or(&self.address)
    }

    /// The first number of a role, for roles that have exactly one.
    #[must_use]
    pub fn port(&self, role: &Role) -> Option<Port> {
        self.ports.get(role).map(PortRanges::first)
    }

    /// Every range of ports with its role: a listener that went on at another place has several.
    pub fn port_ranges(&self) -> impl Iterator<Item = (&Role, PortRange)> {
        port_ranges(&self.ports)
    }

    /// Where the folders are that a process names.
    #[must_use]
    pub fn locations_of(&self, process: &Process) -> &Locations {
        let launcher = self.process(&ProcessName::Launcher);
        let is_launchers = launcher.is_some_and(|launcher| launcher.account == process.account);
        if is_launchers && !self.launcher_locations.is_empty() {
            &self.launcher_locations
        } else {
            &self.locations
        }
    }

    /// Its process of that name.
    #[must_use]
    pub fn process(&self, name: &ProcessName) -> Option<&Process> {
        self.processes.iter().find(|process| process.name == *name)
    }
}

impl SecretflowPlan {
    /// What the interpreter is called where it is installed: `python3.10`, by its minor release.
    #[must_use]
    pub fn interpreter(&self) -> String {
        let minor: Vec<_> = self.python.split('.').take(2).collect();
        format!("python{}", minor.join("."))
    }
}
