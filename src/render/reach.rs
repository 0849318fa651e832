//! Who may dial a planned port: the one rule behind `PORTS.md`, `RUNBOOK.md` and `firewall.nft`.

use std::{collections::BTreeSet, fmt};

use crate::{
    plan::{Federation, FederationHost, HostPlan, Links, Mode, PartyPlan},
    types::{HostAddr, HostName, PartyName, PortMapping, PortRange, RayPort, Role},
};

use super::scene::PartyScene;

/// Who dials a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The parties that share a device or a job with this one, and its own hosts.
    Peers,
    /// The parties to which the topology opens a service's port, and the party's own hosts.
    Named,
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
    /// Who dials ports of a role that is no service's.
    fn of(role: &Role, federation: &Federation) -> Self {
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
}

/// A host of a party, as its own plan and as its peers know it.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) plan: &'a HostPlan,
    federation: &'a Federation,
    known: &'a FederationHost,
}

impl<'a> Site<'a> {
    /// A host of that party.
    pub(super) fn of(federation: &'a Federation, plan: &'a PartyPlan, host: &HostName) -> Self {
        const LISTED: &str = "a federation lists every host of every plan";
        let known = &federation.parties.get(&plan.party).expect(LISTED).hosts;
        let known = known.get(host).expect(LISTED);
        Self { plan: &plan.hosts[host], federation, known }
    }

    /// Who dials ports of a role. Publishing a service or a dashboard that is started opens it to everybody; links and Ray's
    /// other ports stay open only to those who use them.
    pub(super) fn audience(self, (role, ports): (&Role, PortRange)) -> Audience {
        let is_published = published(self.plan, ports).next().is_some();
        match role {
            Role::Service(_) if is_published => Audience::Everybody,
            Role::Ray(RayPort::Dashboard) if is_published && has_dashboard(self.plan) => {
                Audience::Everybody
            }
            _ => self.invited(role),
        }
    }

    /// Who dials ports of a role, whether or not the machine passes them on to everybody.
    fn invited(self, role: &Role) -> Audience {
        match role {
            Role::Service(_) if self.known.peers.contains_key(role) => Audience::Named,
            _ => Audience::of(role, self.federation),
        }
    }

    /// The parties to which the topology opens a service's port.
    pub(super) fn named(self, role: &Role) -> impl Iterator<Item = &'a PartyName> {
        self.known.peers.get(role).into_iter().flatten()
    }

    /// The numbers that peers dial for one of the ranges of a role; `None` where they do not dial it.
    pub(super) fn dialled(self, (role, range): (&Role, PortRange)) -> Option<PortRange> {
        let (dialled, planned) = self.known.ports.get(role).zip(self.plan.ports.get(role))?;
        let place = planned.iter().position(|port| port == range.first())?;
        // Ranges of the plan are dialled as they are; what is mapped is one range.
        let part = dialled.part(u32::try_from(place).ok()?, range.count())?;
        part.ranges().first().copied()
    }

    /// The same, where NAT, a load balancer or a proxy passes other numbers on to the planned ones.
    pub(super) fn outside(self, (role, range): (&Role, PortRange)) -> Option<PortRange> {
        self.dialled((role, range)).filter(|dialled| *dialled != range)
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

/// The addresses of those who dial ports of a role at a host, beside the host itself.
///
/// Of a peer it is every host, since Ray places a peer's senders on any of them, and what peers are told: their own
/// addresses inside are not seen elsewhere.
pub(super) fn sources(role: &Role, party: &PartyScene<'_>, site: Site<'_>) -> BTreeSet<HostAddr> {
    let PartyScene { scene, plan, .. } = party;
    let federation = scene.federation;
    // A simulation has one Ray cluster over the hosts of all parties; services are each party's own.
    let is_shared_ray = federation.mode == Mode::Simulation && matches!(role, Role::Ray(_));
    let own = || plan.hosts.values().map(|host| host.own_address().clone());
    let addresses = |peer: &PartyName| {
        let peer = federation.parties.get(peer).into_iter();
        peer.flat_map(|peer| peer.hosts.values().map(|host| host.address.clone()))
    };
    let mut sources: BTreeSet<_> = match site.invited(role) {
        Audience::Peers => {
            own().chain(peers_of(role, party).iter().flat_map(|peer| addresses(peer))).collect()
        }
        Audience::Named => own().chain(site.named(role).flat_map(addresses)).collect(),
        Audience::Own if is_shared_ray => scene.addresses.clone(),
        Audience::Own => own().collect(),
        Audience::Loopback | Audience::Nobody | Audience::Everybody => BTreeSet::new(),
    };
    sources.remove(site.plan.own_address());
    sources
}

/// Whether all that share a device or job with a party dial its ports of a role.
pub(super) fn is_for_peers(role: &Role, federation: &Federation) -> bool {
    Audience::of(role, federation) == Audience::Peers
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
            Self::Named => "named peers",
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
