//! `<party>/plan.json`: what one party's launcher reads beside `federation.json`.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{
    DeviceName, Digest, HostAddr, HostName, JobName, NetworkName, PartyName, Port, PortMapping,
    PortRange, RayPort, Role, ServiceName, Size, Span,
};

use super::{Engine, Heu, LinkAddress, Mode, Program, Spu};

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
        user: String,
        /// Its folder, with the virtual environment in `venv`.
        home: String,
    },
    /// By Docker, through a compose file.
    Docker {
        /// The network that the containers join.
        network: ContainerNetwork,
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
        /// Its subnet in CIDR notation.
        subnet: String,
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
    /// What peers, and the party's own other hosts, dial.
    pub address: HostAddr,
    /// Every listener of the host.
    pub ports: BTreeMap<Role, PortRange>,
    /// Its Ray node, if the engine is Ray.
    pub ray: Option<RayPlan>,
    /// The services of the topology that run here, in start order.
    pub services: Vec<ServicePlan>,
    /// Ports that the machine passes on to the containers that run here; only on a bridge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publish: Vec<PortMapping>,
}

/// One Ray node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RayPlan {
    /// The GCS of the head to join; `None` on the head itself.
    pub join: Option<String>,
    /// `--num-cpus`.
    pub cpus: u32,
    /// `--object-store-memory`.
    pub object_store: Size,
    /// `--resources`; party names with their slots in simulation.
    pub resources: BTreeMap<String, u32>,
}

/// A process that the launcher keeps up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicePlan {
    /// Its name.
    pub name: ServiceName,
    /// Container image, where the party deploys with Docker and the service has its own.
    pub image: Option<String>,
    /// Program and arguments, placeholders filled in.
    pub command: Vec<String>,
    /// Environment beside the host's env file.
    pub env: BTreeMap<String, String>,
    /// Services (`ray` for the Ray node) that must be ready first.
    pub after: Vec<String>,
    /// The port that answers when the service is ready; without one it is ready when it runs.
    pub ready: Option<Port>,
    /// How long it may take to answer there.
    #[serde(default = "minute")]
    pub ready_within: Span,
    /// How long it may take to stop before it is killed.
    pub grace: Span,
}

/// What plans of a release without the field meant.
fn minute() -> Span {
    Span::seconds(60)
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
    /// This party's private number, for a sum.
    pub input: Option<i64>,
}

impl PartyPlan {
    /// The host on which the launcher lives.
    #[must_use]
    pub fn main(&self) -> &HostPlan {
        self.hosts.get(&self.main_host).expect("a plan lists its main host")
    }
}

impl HostPlan {
    /// The first number of a role, for roles that have exactly one.
    #[must_use]
    pub fn port(&self, role: &Role) -> Option<Port> {
        self.ports.get(role).map(|range| range.first())
    }

    /// The command line of this host's Ray node, `ray` first, and the variables it needs; `temp_dir` must be short,
    /// since Ray's socket paths in it end at 107 characters. Flags: `ray start --help`, Ray 2.42.
    #[must_use]
    pub fn ray_command(&self, temp_dir: &str) -> Option<RayCommand> {
        let ray = self.ray.as_ref()?;
        let number = |port| self.port(&Role::Ray(port)).map(|port| port.to_string());
        let mut args: Vec<String> =
            ["ray", "start", "--block", "--disable-usage-stats"].map(String::from).into();
        let mut flag = |name: &str, value: Option<String>| {
            args.extend(value.map(|value| format!("--{name}={value}")));
        };
        if let Some(head) = &ray.join {
            flag("address", Some(head.clone()));
        } else {
            flag("include-dashboard", Some("False".to_owned()));
            flag("port", number(RayPort::Gcs));
            flag("ray-client-server-port", number(RayPort::ClientServer));
            flag("dashboard-port", number(RayPort::Dashboard));
            flag("dashboard-grpc-port", number(RayPort::DashboardGrpc));
        }
        flag("node-ip-address", Some(self.address.bare()));
        flag("node-manager-port", number(RayPort::NodeManager));
        flag("object-manager-port", number(RayPort::ObjectManager));
        flag("dashboard-agent-listen-port", number(RayPort::DashboardAgentListen));
        flag("dashboard-agent-grpc-port", number(RayPort::DashboardAgentGrpc));
        flag("runtime-env-agent-port", number(RayPort::RuntimeEnvAgent));
        flag("metrics-export-port", number(RayPort::MetricsExport));
        let workers = self.ports.get(&Role::Ray(RayPort::Workers));
        flag("min-worker-port", workers.map(|range| range.first().to_string()));
        flag("max-worker-port", workers.map(|range| range.last().to_string()));
        flag("num-cpus", Some(ray.cpus.to_string()));
        flag("object-store-memory", Some(ray.object_store.bytes().to_string()));
        if !ray.resources.is_empty() {
            let resources = serde_json::to_string(&ray.resources).expect("a map of numbers");
            flag("resources", Some(resources));
        }
        flag("temp-dir", Some(temp_dir.to_owned()));
        if ray.join.is_none() {
            args.insert(2, "--head".to_owned());
        }
        let env = [
            ("AUTOSCALER_METRIC_PORT", number(RayPort::AutoscalerMetrics)),
            ("DASHBOARD_METRIC_PORT", number(RayPort::DashboardMetrics)),
        ];
        let env = env.into_iter().filter_map(|(name, port)| Some((name.to_owned(), port?)));
        Some(RayCommand { args, env: env.collect() })
    }

    /// The port that answers once the Ray node is up: its node manager registers with the GCS before it listens.
    #[must_use]
    pub fn ray_ready(&self) -> Option<Port> {
        self.ray.as_ref()?;
        self.port(&Role::Ray(RayPort::NodeManager))
    }
}

/// How a Ray node is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RayCommand {
    /// Program and arguments.
    pub args: Vec<String>,
    /// Variables that no flag replaces.
    pub env: BTreeMap<String, String>,
}
