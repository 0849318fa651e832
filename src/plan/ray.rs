//! A host's Ray node, and its command line, on which every port is planned (`docs/runtime.md`, Ports of Ray).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{
    model,
    types::{HostAddr, PortRanges, ProcessName, RayPort, Role},
};

use super::{HostPlan, Location, RayPlan, Word, builder::Builder, party::RECEIVER};

impl Builder<'_> {
    /// The Ray node of a host, of which ports and published ports are planned.
    pub(super) fn ray(&self, party: &model::Party, host: &model::Host, plan: &HostPlan) -> RayPlan {
        let head = match &self.cluster {
            None => party.main_host().map(|head| (party, head)),
            Some(cluster) => cluster.head,
        };
        let is_other = |(leader, head): &(&model::Party, &model::Host)| {
            leader.name.value != party.name.value || head.name.value != host.name.value
        };
        let head = head.filter(is_other);
        let join = head.and_then(|(leader, head)| self.gcs(leader, head));
        // It registers with the GCS before it listens.
        let awaits =
            head.and_then(|(leader, head)| self.ray_port(leader, head, RayPort::NodeManager));
        let resources = self.cluster.as_ref().map(|cluster| cluster.resources(&host.name.value));
        let mut resources = resources.unwrap_or_default();
        let declared = host.ray.resources.iter();
        resources.extend(declared.map(|(name, amount)| (name.value.to_string(), *amount)));
        if join.is_none() && self.ties_receiver(party) {
            let slots = self.topology.slots().get(&party.name.value).copied().unwrap_or(1);
            resources.insert(RECEIVER.to_owned(), slots.into());
        }
        let dashboard =
            (join.is_none() && host.ray.dashboard.value).then(|| dashboard_address(plan));
        RayPlan {
            join,
            awaits,
            cpus: host.ray.cpus.value,
            gpus: host.ray.gpus.as_ref().map(|gpus| gpus.value),
            memory: host.ray.memory.as_ref().map(|memory| memory.value),
            object_store: host.ray.object_store.value,
            dashboard,
            resources,
        }
    }

    /// Whether the receiver of the party's runs is tied to its head: peers dial that host, and Ray may place it on
    /// another one otherwise.
    pub(super) fn ties_receiver(&self, party: &model::Party) -> bool {
        let Some(settings) = self.topology.runtime.secretflow() else { return false };
        let engine = self
            .release
            .and_then(|release| release.engines.get(&settings.engine.value.to_string()));
        let is_honoured = engine.is_some_and(|engine| {
            engine.tied_back_ends.contains(settings.cross_silo.back_end.value.word())
        });
        self.cluster.is_none() && party.hosts.len() > 1 && is_honoured
    }
}

/// Where the dashboard listens: on loopback, and where the topology publishes its port, on all addresses of the
/// container, to which that leads.
fn dashboard_address(host: &HostPlan) -> HostAddr {
    let port = host.port(&Role::Ray(RayPort::Dashboard));
    let is_published =
        port.is_some_and(|port| host.publish.iter().any(|one| one.container.contains(port)));
    HostAddr::Ip(match (is_published, host.address.is_ipv6()) {
        (false, false) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        (false, true) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        (true, false) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        (true, true) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    })
}

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
        let has_dashboard = ray.dashboard.is_some();
        flag("include-dashboard", Some(if has_dashboard { "True" } else { "False" }.to_owned()));
        flag("dashboard-host", ray.dashboard.as_ref().map(HostAddr::bare));
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
    flag("num-gpus", ray.gpus.map(|gpus| gpus.to_string()));
    flag("memory", ray.memory.map(|memory| memory.bytes().to_string()));
    flag("object-store-memory", Some(ray.object_store.bytes().to_string()));
    if !ray.resources.is_empty() {
        let resources = serde_json::to_string(&ray.resources).expect("a map of numbers");
        flag("resources", Some(resources));
    }
    command.push(Location::Run.after("--temp-dir="));
    command
}
