//! The command line of a Ray node, on which every port is planned (`docs/runtime.md`, Ports of Ray).

use crate::types::{PortRanges, ProcessName, RayPort, Role};

use super::{HostPlan, Location, RayPlan, Word};

/// Program and arguments of a host's Ray node.
pub(super) fn command(host: &HostPlan, ray: &RayPlan) -> Vec<Word> {
    let number = |port| host.port(&Role::Ray(port)).map(|port| port.to_string());
    let start = if ray.join.is_none() { &["start", "--head"][..] } else { &["start"] };
    let mut command = vec![Word::literal(ProcessName::RAY)];
    command.extend(
        start.iter().chain(&["--block", "--disable-usage-stats"]).map(|word| Word::literal(*word)),
    );
    let mut flag = |name: &str, value: Option<String>| {
        command.extend(value.map(|value| Word::literal(format!("--{name}={value}"))));
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
    flag("node-ip-address", Some(host.own_address().bare()));
    flag("node-manager-port", number(RayPort::NodeManager));
    flag("object-manager-port", number(RayPort::ObjectManager));
    flag("dashboard-agent-listen-port", number(RayPort::DashboardAgentListen));
    flag("dashboard-agent-grpc-port", number(RayPort::DashboardAgentGrpc));
    flag("runtime-env-agent-port", number(RayPort::RuntimeEnvAgent));
    flag("metrics-export-port", number(RayPort::MetricsExport));
    match host.ports.get(&Role::Ray(RayPort::Workers)).map(PortRanges::ranges) {
        Some([one]) => {
            flag("min-worker-port", Some(one.first().to_string()));
            flag("max-worker-port", Some(one.last().to_string()));
        }
        Some(several) => {
            let ports = several.iter().flat_map(|range| range.iter());
            let ports: Vec<String> = ports.map(|port| port.to_string()).collect();
            flag("worker-port-list", Some(ports.join(",")));
        }
        None => {}
    }
    flag("num-cpus", Some(ray.cpus.to_string()));
    flag("object-store-memory", Some(ray.object_store.bytes().to_string()));
    if !ray.resources.is_empty() {
        let resources = serde_json::to_string(&ray.resources).expect("a map of numbers");
        flag("resources", Some(resources));
    }
    command.push(Location::Run.after("--temp-dir="));
    command
}
