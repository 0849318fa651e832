//! What a planned port is for.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that names no role and could not be a service port either.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a port role; roles are `control`, `sf`, `spu`, `spu-local`, `heu`, `ray.gcs` and its kin, and the names of service ports"
)]
pub struct RoleError(String);

/// What a planned port is for: the names that `pin`, `sfgen.lock`, `PORTS.md` and findings use.
///
/// Ray's roles are named like the flags of `ray start` (`docs/runtime.md`, Ports of Ray); the two metric ports that
/// no flag sets are the environment variables `AUTOSCALER_METRIC_PORT` and `DASHBOARD_METRIC_PORT`.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Role {
    /// The launcher's rendezvous.
    Control,
    /// SecretFlow's cross-silo link, one number per slot.
    Sf,
    /// SPU links, one number per SPU and slot.
    Spu,
    /// Where SPUs listen on loopback, behind the listener of the launcher that lets only TLS through; as many numbers as `Spu` has.
    SpuLocal,
    /// Kept for programs that read `HEU_PORT_RANGE_*`; current HEU releases listen nowhere.
    Heu,
    /// One of Ray's listeners.
    Ray(RayPort),
    /// A port that a service of the topology declares.
    Service(String),
}

/// Ray's listeners on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is named like the flag of `ray start` that sets it")]
pub enum RayPort {
    Gcs,
    NodeManager,
    ObjectManager,
    ClientServer,
    Dashboard,
    DashboardAgentListen,
    DashboardAgentGrpc,
    DashboardGrpc,
    RuntimeEnvAgent,
    MetricsExport,
    AutoscalerMetrics,
    DashboardMetrics,
    Workers,
}

impl RayPort {
    /// Every listener of a node, in the order of the tables.
    pub const ALL: [Self; 13] = [
        Self::Gcs,
        Self::NodeManager,
        Self::ObjectManager,
        Self::ClientServer,
        Self::Dashboard,
        Self::DashboardAgentListen,
        Self::DashboardAgentGrpc,
        Self::DashboardGrpc,
        Self::RuntimeEnvAgent,
        Self::MetricsExport,
        Self::AutoscalerMetrics,
        Self::DashboardMetrics,
        Self::Workers,
    ];

    /// Whether only the head of a Ray cluster opens it; a node that joins has neither GCS nor dashboards.
    #[must_use]
    pub fn is_head_only(self) -> bool {
        matches!(
            self,
            Self::Gcs
                | Self::ClientServer
                | Self::Dashboard
                | Self::DashboardGrpc
                | Self::AutoscalerMetrics
                | Self::DashboardMetrics
        )
    }

    /// The flags of `ray start` that set it; none for the two that are variables.
    #[must_use]
    pub fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Gcs => &["--port"],
            Self::NodeManager => &["--node-manager-port"],
            Self::ObjectManager => &["--object-manager-port"],
            Self::ClientServer => &["--ray-client-server-port"],
            Self::Dashboard => &["--dashboard-port"],
            Self::DashboardAgentListen => &["--dashboard-agent-listen-port"],
            Self::DashboardAgentGrpc => &["--dashboard-agent-grpc-port"],
            Self::DashboardGrpc => &["--dashboard-grpc-port"],
            Self::RuntimeEnvAgent => &["--runtime-env-agent-port"],
            Self::MetricsExport => &["--metrics-export-port"],
            Self::AutoscalerMetrics | Self::DashboardMetrics => &[],
            Self::Workers => &["--min-worker-port", "--max-worker-port"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gcs => "ray.gcs",
            Self::NodeManager => "ray.node-manager",
            Self::ObjectManager => "ray.object-manager",
            Self::ClientServer => "ray.client-server",
            Self::Dashboard => "ray.dashboard",
            Self::DashboardAgentListen => "ray.dashboard-agent-listen",
            Self::DashboardAgentGrpc => "ray.dashboard-agent-grpc",
            Self::DashboardGrpc => "ray.dashboard-grpc",
            Self::RuntimeEnvAgent => "ray.runtime-env-agent",
            Self::MetricsExport => "ray.metrics-export",
            Self::AutoscalerMetrics => "ray.autoscaler-metrics",
            Self::DashboardMetrics => "ray.dashboard-metrics",
            Self::Workers => "ray.workers",
        }
    }
}

impl Role {
    /// What `outside` calls the port of a Kuscia gateway. No listener that sfgen plans has that role.
    #[must_use]
    pub fn gateway() -> Self {
        Self::Service("gateway".to_owned())
    }

    /// The name of a service port as a role; an error where sfgen's own roles have that name.
    pub fn service(name: &str) -> Result<Self, RoleError> {
        match name.parse()? {
            role @ Self::Service(_) => Ok(role),
            _ => Err(RoleError(name.to_owned())),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "control",
            Self::Sf => "sf",
            Self::Spu => "spu",
            Self::SpuLocal => "spu-local",
            Self::Heu => "heu",
            Self::Ray(port) => port.name(),
            Self::Service(name) => name,
        })
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        if let Some(port) = RayPort::ALL.into_iter().find(|port| port.name() == text) {
            return Ok(Self::Ray(port));
        }
        match text {
            "control" => Ok(Self::Control),
            "sf" => Ok(Self::Sf),
            "spu" => Ok(Self::Spu),
            "spu-local" => Ok(Self::SpuLocal),
            "heu" => Ok(Self::Heu),
            // The rule of all names is that of a DNS label; any kind of name will do to check it.
            _ if text.parse::<super::ServiceName>().is_ok() => Ok(Self::Service(text.to_owned())),
            _ => Err(RoleError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Role {
    type Error = RoleError;

    fn try_from(text: String) -> Result<Self, RoleError> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_survives_its_name() {
        let ray = RayPort::ALL.into_iter().map(Role::Ray);
        for role in ray.chain([Role::Control, Role::Sf, Role::Spu, Role::SpuLocal, Role::Heu]) {
            assert_eq!(role.to_string().parse(), Ok(role.clone()));
            assert!(Role::service(&role.to_string()).is_err(), "{role} cannot be a service port");
        }
        assert_eq!("redis".parse(), Ok(Role::Service("redis".into())));
        assert!("ray.gsc".parse::<Role>().is_err());
    }
}
