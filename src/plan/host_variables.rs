//! The variables of a host, the same for all of its processes: those that task workers read (`docs/runtime.md`, Task
//! workers).

use crate::types::{Mode, PortRanges, RayPort, Role, RuntimeParty};

use super::{HostPlan, variable::Variable};

/// The variables of a host, given its ports and its Ray node.
pub(super) fn variables(party: &RuntimeParty, mode: Mode, host: &HostPlan) -> Vec<Variable> {
    let mut variables = Vec::new();
    let mut set = |name: &str, value| variables.push(Variable { name: name.to_owned(), value });
    set("NODE_ID", party.to_string());
    set("NODE_IP", host.address.bare());
    set("APP_ENV", if mode == Mode::Production { "production" } else { "simulation" }.to_owned());
    if let Some(ray) = &host.ray {
        let gcs = host.port(&Role::Ray(RayPort::Gcs));
        set("RAY_NODE_TYPE", if ray.join.is_none() { "head" } else { "worker" }.to_owned());
        let own = gcs.map(|port| format!("{}:{port}", host.address));
        if let Some(head) = ray.join.clone().or(own) {
            set("RAY_HEAD_ADDRESS", head);
        }
        if let Some(port) = gcs {
            set("RAY_PORT", port.to_string());
        }
        set("RAY_NUM_CPUS", ray.cpus.to_string());
        set("RAY_OBJECT_STORE_MEMORY", ray.object_store.bytes().to_string());
    }
    // Ray reads these two, and has no flags for them (`docs/runtime.md`, Ports of Ray).
    for (port, name) in [
        (RayPort::AutoscalerMetrics, "AUTOSCALER_METRIC_PORT"),
        (RayPort::DashboardMetrics, "DASHBOARD_METRIC_PORT"),
    ] {
        if let Some(port) = host.port(&Role::Ray(port)) {
            set(name, port.to_string());
        }
    }
    for (role, first, last, several) in [
        (Role::Sf, "SF_PORT_RANGE_START", "SF_PORT_RANGE_END", "SF_PORT_RANGES"),
        (Role::Spu, "SPU_PORT_RANGE_START", "SPU_PORT_RANGE_END", "SPU_PORT_RANGES"),
        (Role::Heu, "HEU_PORT_RANGE_START", "HEU_PORT_RANGE_END", "HEU_PORT_RANGES"),
    ] {
        let ranges = host.ports.get(&role).map_or(&[][..], PortRanges::ranges);
        if let Some(range) = ranges.first() {
            set(first, range.first().to_string());
            set(last, range.last().to_string());
        }
        // Between two places are ports of others, so the usual pair stops at the end of the first.
        if ranges.len() > 1 {
            let all: Vec<_> =
                ranges.iter().map(|range| format!("{}-{}", range.first(), range.last())).collect();
            set(several, all.join(","));
        }
    }
    if let Some(port) = host.port(&Role::Service("redis".to_owned())) {
        set("REDIS_HOST", "127.0.0.1".to_owned());
        set("REDIS_PORT", port.to_string());
    }
    variables
}
