//! The variables that every process of a host has, which task workers read (`docs/runtime.md`, Task workers).

use crate::types::{RayPort, Role};

/// What a variable of a host says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostVariable {
    /// The party.
    Party,
    /// The address of the host.
    Address,
    /// Production or simulation.
    Mode,
    /// Whether its Ray node is a head.
    RayNodeType,
    /// Where the head of its Ray cluster is.
    RayHead,
    /// The CPUs of its Ray node.
    RayCpus,
    /// The object store of its Ray node, in bytes.
    RayObjectStore,
    /// The first port of a role.
    First(Role),
    /// The last port of a role, or that of its first range.
    Last(Role),
    /// All ranges of a role, where there are several.
    Ranges(Role),
    /// The machine itself, where a service has that port.
    Loopback(Role),
}

/// All variables with their names, in the order of the env file.
#[must_use]
pub fn host_variables() -> Vec<(&'static str, HostVariable)> {
    use HostVariable as Says;
    let redis = || Role::Service("redis".to_owned());
    vec![
        ("NODE_ID", Says::Party),
        ("NODE_IP", Says::Address),
        ("APP_ENV", Says::Mode),
        ("RAY_NODE_TYPE", Says::RayNodeType),
        ("RAY_HEAD_ADDRESS", Says::RayHead),
        ("RAY_PORT", Says::First(Role::Ray(RayPort::Gcs))),
        ("RAY_NUM_CPUS", Says::RayCpus),
        ("RAY_OBJECT_STORE_MEMORY", Says::RayObjectStore),
        // Ray reads these two, and has no flags for them (`docs/runtime.md`, Ports of Ray).
        ("AUTOSCALER_METRIC_PORT", Says::First(Role::Ray(RayPort::AutoscalerMetrics))),
        ("DASHBOARD_METRIC_PORT", Says::First(Role::Ray(RayPort::DashboardMetrics))),
        ("SF_PORT_RANGE_START", Says::First(Role::Sf)),
        ("SF_PORT_RANGE_END", Says::Last(Role::Sf)),
        ("SF_PORT_RANGES", Says::Ranges(Role::Sf)),
        ("SPU_PORT_RANGE_START", Says::First(Role::Spu)),
        ("SPU_PORT_RANGE_END", Says::Last(Role::Spu)),
        ("SPU_PORT_RANGES", Says::Ranges(Role::Spu)),
        ("HEU_PORT_RANGE_START", Says::First(Role::Heu)),
        ("HEU_PORT_RANGE_END", Says::Last(Role::Heu)),
        ("HEU_PORT_RANGES", Says::Ranges(Role::Heu)),
        ("REDIS_HOST", Says::Loopback(redis())),
        ("REDIS_PORT", Says::First(redis())),
    ]
}
