//! Who may dial a planned port: the one rule behind `PORTS.md`, `RUNBOOK.md` and `firewall.nft`.

use std::{collections::BTreeSet, fmt};

use crate::{
    plan::{Federation, HostPlan, Links, Mode},
    types::{HostAddr, PartyName, PortMapping, PortRange, RayPort, Role},
};

use super::scene::PartyScene;

/// Who dials a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The parties that share a device or a job with this one, and its own hosts.
    Peers,
    /// The party's own hosts; in simulation, all hosts of the one Ray cluster.
    Own,
    /// Programs of the same machine.
    Loopback,
    /// Nobody: the number is only reserved.
    Nobody,
    /// Everybody who can reach the machine.
    Everybody,
}

impl Audience {
    /// Who dials ports of a role.
    pub(super) fn of(role: &Role, federation: &Federation) -> Self {
        match role {
            Role::Control => Self::Peers,
            Role::Sf | Role::Spu => match federation.links {
                Links::Direct => Self::Peers,
                Links::Gateway => Self::Loopback,
            },
            Role::Heu => Self::Nobody,
            Role::SpuLocal | Role::Ray(RayPort::Dashboard) => Self::Loopback,
            Role::Ray(_) | Role::Service(_) => Self::Own,
        }
    }

    /// Who dials ports of a role at a host. Publishing a service or a dashboard that is started opens it to everybody; links
    /// and Ray's other ports stay open only to those who use them.
    pub(super) fn at(
        host: &HostPlan,
        (role, ports): (&Role, PortRange),
        federation: &Federation,
    ) -> Self {
        let is_published = published(host, ports).next().is_some();
        match role {
            Role::Service(_) if is_published => Self::Everybody,
            Role::Ray(RayPort::Dashboard) if is_published && has_dashboard(host) => Self::Everybody,
            _ => Self::of(role, federation),
        }
    }
}

fn has_dashboard(host: &HostPlan) -> bool {
    host.ray.as_ref().is_some_and(|ray| ray.dashboard.is_some())
}

/// The mappings by which others than the machine's own programs reach one of these ports.
pub(super) fn published(host: &HostPlan, ports: PortRange) -> impl Iterator<Item = &PortMapping> {
    let is_open = |mapping: &&PortMapping| !mapping.address.is_some_and(|ip| ip.is_loopback());
    host.publish.iter().filter(is_open).filter(move |one| one.container.overlaps(ports))
}

/// The addresses of those who dial ports of a role at `host`, beside the host itself.
///
/// Of a peer it is every host, since Ray places a peer's senders on any of them.
pub(super) fn sources(role: &Role, party: &PartyScene<'_>, host: &HostPlan) -> BTreeSet<HostAddr> {
    let PartyScene { scene, plan, .. } = party;
    let federation = scene.federation;
    // A simulation has one Ray cluster over the hosts of all parties; services are each party's own.
    let is_shared_ray = federation.mode == Mode::Simulation && matches!(role, Role::Ray(_));
    let own = || plan.hosts.values().map(|host| host.address.clone());
    let mut sources: BTreeSet<_> = match Audience::of(role, federation) {
        Audience::Peers => {
            let peers = peers_of(role, party).iter();
            let peers = peers.filter_map(|peer| federation.parties.get(*peer));
            let hosts = peers.flat_map(|peer| peer.hosts.values());
            own().chain(hosts.map(|host| host.address.clone())).collect()
        }
        Audience::Own if is_shared_ray => scene.addresses.clone(),
        Audience::Own => own().collect(),
        Audience::Loopback | Audience::Nobody | Audience::Everybody => BTreeSet::new(),
    };
    sources.remove(&host.address);
    sources
}

/// The peers that dial ports of a role at `party`, and whose ports of that role it dials: an SPU's are for its parties
/// alone.
pub(super) fn peers_of<'s, 'a>(
    role: &Role,
    party: &'s PartyScene<'a>,
) -> &'s BTreeSet<&'a PartyName> {
    if *role == Role::Spu { &party.spu_peers } else { &party.peers }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Peers => "peers",
            Self::Own => "own hosts",
            Self::Loopback => "loopback",
            Self::Nobody => "nobody",
            Self::Everybody => "everybody",
        })
    }
}

/// What listens on ports of a role.
pub(super) fn purpose(role: &Role) -> &'static str {
    match role {
        Role::Control => "rendezvous of the launchers",
        Role::Sf => "cross-silo link, one port per slot",
        Role::Spu => "SPU links, one port per SPU and slot",
        Role::SpuLocal => "SPUs on loopback, behind the launcher's listener for TLS",
        Role::Heu => "kept for programs that read HEU_PORT_RANGE_START",
        Role::Service(_) => "service of the topology",
        Role::Ray(port) => match port {
            RayPort::Gcs => "Ray: global control store",
            RayPort::NodeManager => "Ray: node manager",
            RayPort::ObjectManager => "Ray: object manager",
            RayPort::ClientServer => "Ray: client server",
            RayPort::Dashboard => "Ray: dashboard",
            RayPort::DashboardAgentListen => "Ray: dashboard agent, HTTP",
            RayPort::DashboardAgentGrpc => "Ray: dashboard agent, gRPC",
            RayPort::DashboardGrpc => "Ray: dashboard, gRPC",
            RayPort::RuntimeEnvAgent => "Ray: runtime environment agent",
            RayPort::MetricsExport => "Ray: metrics of the node",
            RayPort::AutoscalerMetrics => "Ray: metrics of the autoscaler",
            RayPort::DashboardMetrics => "Ray: metrics of the dashboard",
            RayPort::Workers => "Ray: workers, one port each",
        },
    }
}
