//! From topology and allotted ports to the plans.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    catalogue::Release,
    lockfile::Allocation,
    model::{self, Input, JobKind, PackageLists, Topology},
    types::{
        DeviceName, Digest, HostName, JobName, Links, Mode, PartyName, PortRanges, RayPort, Role,
        RuntimeParty,
    },
};

use super::{
    FORMAT, Federation, FederationHost, FederationJob, FederationParty, Fingerprints, Groups,
    HostPlan, Identity, JobPlan, Link, LinkTable, Locations, Membership, PartyPlan, Program,
    builder::Builder,
    devices, federation_bytes,
    groups::counted_off,
    host_variables::variables,
    place::{Place, Who},
    processes, targets,
};

/// All plans of a topology.
#[derive(Clone, Debug)]
pub struct Plans {
    /// What all parties share.
    pub federation: Federation,
    /// Each party's own plan.
    pub parties: BTreeMap<PartyName, PartyPlan>,
    /// The pinned requirements of the runtime; empty for the embedded one.
    pub requirements: Requirements,
    /// The plan digest: SHA-256 of `federation.json`.
    pub digest: Digest,
}

/// Lists of pinned packages, each `name==version` with hashes.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// What a party needs. The text is shared among all of them.
    pub runtime: Bytes,
    /// What a party needs that starts Ray's dashboard.
    pub with_dashboard: Bytes,
}

/// Builds the plans of a topology in which `check` found no error.
///
/// `release` is what is known about the topology's release, `lists` holds the packages that it names, and `identities` the
/// fingerprints of each party's certificates; parties without one have none in the plan.
#[must_use]
pub fn build(
    topology: &Topology,
    release: Option<&Release>,
    lists: &PackageLists,
    ports: &Allocation,
    identities: &BTreeMap<PartyName, Fingerprints>,
) -> Plans {
    let builder = Builder { topology, ports, cluster: topology.simulation(), release, lists };
    let federation = builder.federation(identities);
    let digest = Digest::of(&federation_bytes(&federation));
    let groups = Groups::of(&federation);
    let parties = topology.parties.values().filter_map(|party| {
        let plan = builder.party(party, &federation, &groups, digest)?;
        Some((party.name.value.clone(), plan))
    });
    let parties = parties.collect();
    let requirements = builder.requirements();
    Plans { federation, parties, requirements, digest }
}

impl Builder<'_> {
    fn requirements(&self) -> Requirements {
        let Some((release, settings)) = self.release.zip(self.topology.runtime.secretflow()) else {
            return Requirements::default();
        };
        let engine = settings.engine.value.to_string();
        let runtime = release.requirements(&engine).unwrap_or_default();
        let dashboard = release.dashboard(&engine).unwrap_or_default();
        Requirements {
            runtime: Bytes::copy_from_slice(runtime.as_bytes()),
            with_dashboard: format!("{runtime}{dashboard}").into_bytes().into(),
        }
    }

    fn federation(&self, identities: &BTreeMap<PartyName, Fingerprints>) -> Federation {
        let topology = self.topology;
        let slots = topology.slots();
        let parties = topology.parties.values().map(|party| {
            let name = party.name.value.clone();
            let identity = identities.get(&name).cloned();
            let own_slots = slots.get(&name).copied().unwrap_or(1);
            let hosts = party.hosts.iter().map(|host| {
                (host.name.value.clone(), self.federation_host(party, host, own_slots))
            });
            let hosts = hosts.collect();
            let runtime_name =
                Some(party.runtime_name()).filter(|other| other.as_str() != name.as_str());
            let party = FederationParty { runtime_name, identity, slots: own_slots, hosts };
            (name, party)
        });
        Federation {
            format: FORMAT,
            topology: topology.name.value.clone(),
            mode: topology.mode,
            runtime: self.runtime(),
            // A simulation is one organisation's: nothing is carried.
            links: if self.cluster.is_some() { Links::Direct } else { topology.links.value },
            tls: topology.mode == Mode::Production && topology.tls_off.is_none(),
            parties: parties.collect(),
            spus: topology
                .spus
                .iter()
                .map(|(name, spu)| (name.clone(), devices::spu(spu)))
                .collect(),
            heus: topology
                .heus
                .iter()
                .filter_map(|(name, heu)| Some((name.clone(), devices::heu(heu, &topology.spus)?)))
                .collect(),
            jobs: topology.jobs.iter().map(|(name, job)| (name.clone(), plan_job(job))).collect(),
        }
    }

    /// A host as peers know it: what they dial, at the numbers at which they dial it.
    fn federation_host(
        &self,
        party: &model::Party,
        host: &model::Host,
        slots: u16,
    ) -> FederationHost {
        let (owner, name) = (&party.name.value, &host.name.value);
        let allotted = self.ports.of_host(owner, name);
        let planned = allotted.filter(|(role, _)| party.is_dialled(name, role));
        let planned: BTreeMap<Role, PortRanges> =
            planned.map(|(role, ports)| (role.clone(), ports.clone())).collect();
        let mut spus = self.spu_ports(&planned, owner, name, slots);
        let dialled = planned.iter().map(|(role, own)| (role.clone(), host.dialled(role, own)));
        let ports: BTreeMap<Role, PortRanges> = dialled.collect();
        if let (Some(own), Some(outside)) = (planned.get(&Role::Spu), ports.get(&Role::Spu)) {
            for numbers in spus.values_mut() {
                *numbers = mapped(numbers, own, outside);
            }
        }
        let services = ports.keys().filter_map(|role| match role {
            Role::Service(port) => {
                let peers = party.peers_of_port(name, port).into_iter().cloned();
                Some((role.clone(), peers.collect()))
            }
            _ => None,
        });
        let peers = services.collect();
        FederationHost { address: host.address.value.clone(), ports, spus, peers }
    }

    /// The ports of the SPUs of a host, where counting them off by name would give others: those that were there when
    /// an SPU or a slot joined have kept theirs.
    fn spu_ports(
        &self,
        ports: &BTreeMap<Role, PortRanges>,
        party: &PartyName,
        host: &HostName,
        slots: u16,
    ) -> BTreeMap<DeviceName, PortRanges> {
        let spus = ports.get(&Role::Spu).zip(self.ports.spus_of_host(party, host));
        let Some((range, spus)) = spus else { return BTreeMap::new() };
        let is_usual = spus
            .values()
            .enumerate()
            .all(|(index, own)| counted_off(range, index, slots).as_ref() == Some(own));
        if is_usual { BTreeMap::new() } else { spus.clone() }
    }

    fn party(
        &self,
        party: &model::Party,
        federation: &Federation,
        groups: &Groups<'_>,
        digest: Digest,
    ) -> Option<PartyPlan> {
        let name = &party.name.value;
        let main = party.main_host()?;
        let production = self.topology.mode == Mode::Production;
        let identity = party.identity.as_ref().filter(|_| production).map(|identity| Identity {
            ca: identity.ca.value.clone(),
            cert: identity.cert.value.clone(),
            key: identity.key.value.clone(),
        });
        let leads = self.leads(party);
        let membership = groups.membership(name);
        let secretflow = self.secretflow(party, identity.as_ref());
        let hosts: BTreeMap<_, _> = party
            .hosts
            .iter()
            .map(|host| (host.name.value.clone(), self.host(party, host)))
            .collect();
        let links = links(name, leads, federation, groups, &hosts[&main.name.value].ports);
        let mut plan = PartyPlan {
            format: FORMAT,
            party: name.clone(),
            federation: digest,
            mode: self.topology.mode,
            deploy: targets::deploy(self.topology, &party.deploy),
            identity,
            listen: main.listen.value.clone(),
            main_host: main.name.value.clone(),
            hosts,
            secretflow,
            names: runtime_names(name, leads, federation, groups),
            links,
            spus: own(&federation.spus, membership.map(|own| &own.spus), leads),
            heus: own(&federation.heus, membership.map(|own| &own.heus), leads),
            jobs: BTreeMap::new(),
        };
        let place = Place {
            topology: self.topology,
            party,
            host: main,
            ports: self.ports,
            deploy: &plan.deploy,
        };
        plan.jobs = self.jobs(&place, membership);
        processes::add(self.topology, party, self.ports, &mut plan);
        targets::complete(&self.topology.name.value, &mut plan);
        Some(plan)
    }

    /// Whether the whole simulation runs as this party: then it is told of everybody's devices, links and jobs.
    fn leads(&self, party: &model::Party) -> bool {
        let first = self.cluster.as_ref().and_then(|cluster| cluster.parties.first());
        first.is_some_and(|first| first.name.value == party.name.value)
    }

    fn jobs(
        &self,
        place: &Place<'_>,
        membership: Option<&Membership<'_>>,
    ) -> BTreeMap<JobName, JobPlan> {
        let name = &place.party.name.value;
        let all = &self.topology.jobs;
        let mine: Vec<&model::Job> = if self.leads(place.party) {
            all.values().collect()
        } else {
            let own = membership.into_iter().flat_map(|membership| &membership.jobs);
            own.filter_map(|(job, _)| all.get(*job)).collect()
        };
        let plans = mine.into_iter().map(|job| {
            let shared = plan_job(job);
            let program = match &job.kind {
                JobKind::Script { path, args } => Program::Script {
                    path: path.value.to_string(),
                    args: args.iter().map(|arg| place.fill(&arg.value, Who::Job(job))).collect(),
                },
                _ => shared.program,
            };
            let (input, input_file) = match input_of(job, name) {
                Some(Input::Number(number)) => (Some(*number), None),
                Some(Input::File(path)) => (None, Some(path.clone())),
                None => (None, None),
            };
            let (parties, slots) = (shared.parties, shared.slots);
            let plan = JobPlan { parties, slots, program, process: None, input, input_file };
            (job.name.value.clone(), plan)
        });
        plans.collect()
    }

    fn host(&self, party: &model::Party, host: &model::Host) -> HostPlan {
        let ports = self.ports.of_host(&party.name.value, &host.name.value);
        let ports: BTreeMap<_, _> = ports.map(|(role, own)| (role.clone(), own.clone())).collect();
        let kept = self.ports.kept_of_host(&party.name.value, &host.name.value);
        let has_ray = ports.contains_key(&Role::Ray(RayPort::NodeManager));
        let mut plan = HostPlan {
            address: host.address.value.clone(),
            inside: host.inside.as_ref().map(|inside| inside.value.clone()),
            ray: None,
            variables: Vec::new(),
            processes: Vec::new(),
            locations: Locations::new(),
            launcher_locations: Locations::new(),
            steps: Vec::new(),
            publish: party.published_to(&host.name.value).map(|mapping| mapping.value).collect(),
            kept: kept.map(|(role, kept)| (role.clone(), kept.clone())).collect(),
            ports,
        };
        plan.ray = has_ray.then(|| self.ray(party, host, &plan));
        // Only SecretFlow has task workers, which read them.
        if self.topology.runtime.secretflow().is_some() {
            plan.variables = variables(&party.runtime_name(), self.topology.mode, &plan);
        }
        plan
    }
}

/// A party's number in a sum.
fn input_of<'a>(job: &'a model::Job, party: &PartyName) -> Option<&'a Input> {
    let JobKind::Sum { inputs } = &job.kind else { return None };
    let own = inputs.iter().find(|(name, _)| name.value == *party);
    own.map(|(_, input)| &input.value)
}

fn plan_job(job: &model::Job) -> FederationJob {
    let program = match &job.kind {
        JobKind::Script { path, args } => Program::Script {
            path: path.value.to_string(),
            args: args.iter().map(|arg| arg.value.to_string()).collect(),
        },
        JobKind::Sum { .. } => Program::Sum,
        JobKind::External => Program::External,
        JobKind::Unread => unreachable!("a topology with errors is not planned"),
    };
    let parties = job.parties.iter().map(|party| party.value.clone()).collect();
    FederationJob { parties, slots: job.slots.value, program }
}

/// Those of `numbers` that peers dial: the one at the same place of `outside` as it has in `planned`.
fn mapped(numbers: &PortRanges, planned: &PortRanges, outside: &PortRanges) -> PortRanges {
    let all = numbers.iter().map(|number| {
        let place = planned.iter().position(|own| own == number);
        let place = place.and_then(|place| u16::try_from(place).ok());
        place.and_then(|place| outside.nth(place)).unwrap_or(number)
    });
    PortRanges::of(all).expect("there are as many as before")
}

/// What SecretFlow calls the parties that a plan names, where that is another name.
fn runtime_names(
    viewer: &PartyName,
    leads: bool,
    federation: &Federation,
    groups: &Groups<'_>,
) -> BTreeMap<PartyName, RuntimeParty> {
    let peers = groups.peers(viewer);
    let is_named = |name: &PartyName| leads || name == viewer || peers.contains(name);
    let named = federation.parties.iter().filter(|(name, _)| is_named(name));
    named.filter_map(|(name, party)| Some((name.clone(), party.runtime_name.clone()?))).collect()
}

/// Where `viewer` reaches each link, its own included; `planned` are the ports of its main host.
fn links(
    viewer: &PartyName,
    leads: bool,
    federation: &Federation,
    groups: &Groups<'_>,
    planned: &BTreeMap<Role, PortRanges>,
) -> LinkTable {
    let mut peers = groups.peers(viewer);
    peers.insert(viewer);
    if leads {
        peers.extend(federation.parties.keys());
    }
    let to = |link: &Link| {
        let entries = peers.iter().filter_map(|peer| {
            let address = if *peer == viewer {
                groups.own_link(viewer, link, planned)
            } else {
                groups.link_address(viewer, peer, link)
            };
            Some(((*peer).clone(), address?))
        });
        entries.collect::<BTreeMap<_, _>>()
    };
    let spus: Vec<&DeviceName> = if leads {
        federation.spus.keys().collect()
    } else {
        let own = groups.membership(viewer).into_iter().flat_map(|membership| &membership.spus);
        own.map(|(name, _)| *name).collect()
    };
    let spus = spus.into_iter().map(|name| (name.clone(), to(&Link::Spu(name.clone()))));
    LinkTable { sf: to(&Link::Sf), spu: spus.collect() }
}

/// The devices that a party's plan holds: its own ones, or all where it `leads`.
fn own<T: Clone>(
    all: &BTreeMap<DeviceName, T>,
    mine: Option<&Vec<(&DeviceName, &T)>>,
    leads: bool,
) -> BTreeMap<DeviceName, T> {
    if leads {
        return all.clone();
    }
    let mine = mine.into_iter().flatten();
    mine.map(|(name, device)| ((*name).clone(), (*device).clone())).collect()
}
