//! From topology and allotted ports to the plans.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::{
    catalogue::{self, AllowList, Release},
    lockfile::Allocation,
    model::{self, Cluster, JobKind, Runtime, Topology},
    types::{
        BackEnd, DeviceName, Digest, Endpoint, Engine, JobName, Links, Mode, PartyName, RayPort,
        Role, Span,
    },
};

use super::{
    ContainerNetwork, Deploy, FORMAT, Federation, FederationHost, FederationJob, FederationParty,
    FederationRuntime, Fingerprints, Groups, Heu, HostPlan, Identity, JobPlan, Link, LinkTable,
    Membership, PartyPlan, Program, RayPlan, RuntimeTls, SecretflowPlan, Simulation, Spu,
    federation_bytes, services::Place,
};

/// All plans of a topology.
#[derive(Clone, Debug)]
pub struct Plans {
    /// What all parties share.
    pub federation: Federation,
    /// Each party's own plan.
    pub parties: BTreeMap<PartyName, PartyPlan>,
    /// The pinned requirements of the runtime; empty for the embedded one.
    pub requirements: &'static str,
    /// The plan digest: SHA-256 of `federation.json`.
    pub digest: Digest,
}

/// Builds the plans of a topology in which `check` found no error.
///
/// `identities` holds the fingerprints of each party's certificates; parties without one have none in the plan.
#[must_use]
pub fn build(
    topology: &Topology,
    ports: &Allocation,
    identities: &BTreeMap<PartyName, Fingerprints>,
) -> Plans {
    let builder = Builder {
        topology,
        ports,
        cluster: topology.simulation(),
        release: topology.runtime.secretflow().and_then(|sf| catalogue::release(&sf.version.value)),
    };
    let federation = builder.federation(identities);
    let digest = Digest::of(&federation_bytes(&federation));
    let groups = Groups::of(&federation);
    let parties = topology.parties.values().filter_map(|party| {
        let plan = builder.party(party, &federation, &groups, digest)?;
        Some((party.name.value.clone(), plan))
    });
    let parties = parties.collect();
    let requirements = builder.release.zip(topology.runtime.secretflow());
    let requirements = requirements
        .and_then(|(release, settings)| release.requirements(&settings.engine.value.to_string()))
        .unwrap_or_default();
    Plans { federation, parties, requirements, digest }
}

struct Builder<'a> {
    topology: &'a Topology,
    ports: &'a Allocation,
    release: Option<&'static Release>,
    /// The one cluster of a simulation.
    cluster: Option<Cluster<'a>>,
}

impl Builder<'_> {
    fn federation(&self, identities: &BTreeMap<PartyName, Fingerprints>) -> Federation {
        let topology = self.topology;
        let slots = topology.slots();
        let parties = topology.parties.values().map(|party| {
            let name = party.name.value.clone();
            let identity = identities.get(&name).cloned();
            let hosts = party.hosts.iter().map(|host| {
                let dialled = self
                    .ports
                    .of_host(&name, &host.name.value)
                    .filter(|(role, _)| matches!(role, Role::Control | Role::Sf | Role::Spu));
                let ports = dialled.map(|(role, range)| (role.clone(), range)).collect();
                (
                    host.name.value.clone(),
                    FederationHost { address: host.address.value.clone(), ports },
                )
            });
            let slots = slots.get(&name).copied().unwrap_or(1);
            let party = FederationParty { identity, slots, hosts: hosts.collect() };
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
            spus: topology.spus.iter().map(|(name, spu)| (name.clone(), plan_spu(spu))).collect(),
            heus: topology
                .heus
                .iter()
                .filter_map(|(name, heu)| Some((name.clone(), self.heu(heu)?)))
                .collect(),
            jobs: topology.jobs.iter().map(|(name, job)| (name.clone(), plan_job(job))).collect(),
        }
    }

    fn runtime(&self) -> FederationRuntime {
        match &self.topology.runtime {
            Runtime::Embedded => FederationRuntime::Embedded,
            Runtime::Secretflow(settings) => {
                let default =
                    || self.release.map_or_else(String::new, |release| release.python.clone());
                FederationRuntime::Secretflow {
                    version: settings.version.value.clone(),
                    engine: settings.engine.value,
                    python: settings
                        .python
                        .as_ref()
                        .map_or_else(default, |python| python.value.to_string()),
                    deserialize: self.allow_list(),
                    // A simulation has no messages between parties.
                    back_end: match self.cluster {
                        None => settings.cross_silo.back_end.value,
                        Some(_) => BackEnd::default(),
                    },
                }
            }
        }
    }

    /// What peers' messages may unpickle: what arrays and the declared devices need, and what the topology adds.
    fn allow_list(&self) -> Option<AllowList> {
        let settings = self.topology.runtime.secretflow()?;
        let facts = self.release?;
        let enforced = facts.engines.get(&settings.engine.value.to_string())?.allow_list;
        if !enforced || settings.allow_all.is_some() {
            return None;
        }
        let mut list = facts.deserialize.always.clone();
        let mut add = |more: &AllowList| {
            for (module, names) in more {
                list.entry(module.clone()).or_default().extend(names.iter().cloned());
            }
        };
        if !self.topology.spus.is_empty() {
            add(&facts.deserialize.spu);
        }
        if !self.topology.heus.is_empty() {
            add(&facts.deserialize.heu);
        }
        for allow in &settings.allow {
            let names: BTreeSet<String> =
                allow.names.iter().map(|name| name.value.clone()).collect();
            add(&AllowList::from([(allow.module.value.clone(), names)]));
        }
        Some(list)
    }

    fn heu(&self, heu: &model::Heu) -> Option<Heu> {
        let spus = self.topology.spus.values().map(|spu| spu.field.value.clone());
        let field = heu.field.as_ref().map(|field| field.value.clone()).or_else(|| spus.min());
        Some(Heu {
            sk_keeper: heu.sk_keeper.as_ref()?.value.clone(),
            evaluators: heu.evaluators.iter().map(|party| party.value.clone()).collect(),
            // The ring that HEU itself assumes where no SPU is declared.
            field: field.unwrap_or_else(|| "FM128".to_owned()),
            config: json!({
                "mode": "PHEU",
                "he_parameters": {
                    "schema": "paillier",
                    "key_pair": { "generate": { "bit_size": heu.key_size.value } },
                },
            }),
        })
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
        Some(PartyPlan {
            format: FORMAT,
            party: name.clone(),
            federation: digest,
            mode: self.topology.mode,
            deploy: self.deploy(&party.deploy),
            identity,
            listen: main.listen.value.clone(),
            main_host: main.name.value.clone(),
            hosts: party
                .hosts
                .iter()
                .map(|host| (host.name.value.clone(), self.host(party, host)))
                .collect(),
            secretflow,
            links: links(name, leads, federation, groups),
            spus: own(&federation.spus, membership.map(|own| &own.spus), leads),
            heus: own(&federation.heus, membership.map(|own| &own.heus), leads),
            jobs: self.jobs(party, main, membership),
        })
    }

    /// Whether the whole simulation runs as this party: then it is told of everybody's devices, links and jobs.
    fn leads(&self, party: &model::Party) -> bool {
        let first = self.cluster.as_ref().and_then(|cluster| cluster.parties.first());
        first.is_some_and(|first| first.name.value == party.name.value)
    }

    fn deploy(&self, deploy: &model::Deploy) -> Deploy {
        match deploy {
            model::Deploy::Process => Deploy::Process,
            model::Deploy::Systemd { user, home } => {
                Deploy::Systemd { user: user.value.clone(), home: home.value.clone() }
            }
            model::Deploy::Docker { network, .. } => {
                let name = network.value.as_str();
                let bridge =
                    self.topology.networks.iter().find(|(other, _)| other.as_str() == name);
                let bridge = bridge.and_then(|(name, network)| {
                    let subnet = network.subnet.as_ref()?.value.to_string();
                    Some(ContainerNetwork::Bridge { name: name.clone(), subnet })
                });
                let network = bridge.unwrap_or(ContainerNetwork::Host);
                Deploy::Docker { network }
            }
            model::Deploy::Kuscia(_) => unreachable!("the model refuses parties of Kuscia"),
        }
    }

    fn jobs(
        &self,
        party: &model::Party,
        main: &model::Host,
        membership: Option<&Membership<'_>>,
    ) -> BTreeMap<JobName, JobPlan> {
        let name = &party.name.value;
        let place = Place { party, host: main, ports: self.ports };
        let all = &self.topology.jobs;
        let mine: Vec<&model::Job> = if self.leads(party) {
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
                    args: args.iter().map(|arg| place.fill(&arg.value)).collect(),
                },
                _ => shared.program,
            };
            let input = match &job.kind {
                JobKind::Sum { inputs } => inputs
                    .iter()
                    .find(|(party, _)| party.value == *name)
                    .map(|(_, number)| number.value),
                _ => None,
            };
            let plan = JobPlan { parties: shared.parties, slots: shared.slots, program, input };
            (job.name.value.clone(), plan)
        });
        plans.collect()
    }

    fn host(&self, party: &model::Party, host: &model::Host) -> HostPlan {
        let ports = self.ports.of_host(&party.name.value, &host.name.value);
        let ports: BTreeMap<_, _> = ports.map(|(role, range)| (role.clone(), range)).collect();
        let has_ray = ports.contains_key(&Role::Ray(RayPort::NodeManager));
        HostPlan {
            address: host.address.value.clone(),
            ray: has_ray.then(|| self.ray(party, host)),
            services: Place { party, host, ports: self.ports }.services(has_ray),
            publish: party.published_to(&host.name.value).map(|mapping| mapping.value).collect(),
            ports,
        }
    }

    fn ray(&self, party: &model::Party, host: &model::Host) -> RayPlan {
        let head = match &self.cluster {
            None => party.main_host().map(|head| (party, head)),
            Some(cluster) => cluster.head,
        };
        let is_other = |(leader, head): &(&model::Party, &model::Host)| {
            leader.name.value != party.name.value || head.name.value != host.name.value
        };
        let resources = self.cluster.as_ref().map(|cluster| cluster.resources(&host.name.value));
        RayPlan {
            join: head.filter(is_other).and_then(|(leader, head)| self.gcs(leader, head)),
            cpus: host.ray.cpus.value,
            object_store: host.ray.object_store.value,
            resources: resources.unwrap_or_default(),
        }
    }

    /// `host:port` of a head's GCS.
    fn gcs(&self, party: &model::Party, host: &model::Host) -> Option<String> {
        let mut ports = self.ports.of_host(&party.name.value, &host.name.value);
        let (_, range) = ports.find(|(role, _)| **role == Role::Ray(RayPort::Gcs))?;
        Some(Endpoint { host: host.address.value.clone(), port: range.first() }.to_string())
    }

    fn secretflow(
        &self,
        party: &model::Party,
        identity: Option<&Identity>,
    ) -> Option<SecretflowPlan> {
        let settings = self.topology.runtime.secretflow()?;
        let FederationRuntime::Secretflow { version, engine, python, deserialize, back_end } =
            self.runtime()
        else {
            return None;
        };
        if let Some(cluster) = &self.cluster {
            let parties = cluster.parties.iter().map(|party| party.name.value.clone()).collect();
            let head = cluster.head.and_then(|(leader, head)| self.gcs(leader, head));
            // Without a head, SecretFlow starts a Ray of its own.
            let address = head.unwrap_or_else(|| "local".to_owned());
            let simulation = Some(Simulation { parties, address });
            let init = json!({ "logging_level": "info", "log_to_driver": false });
            return Some(SecretflowPlan { version, engine, python, init, tls: None, simulation });
        }
        let mut comm = json!({
            "timeout_in_ms": settings.cross_silo.timeout.millis(),
            "messages_max_size_in_bytes": settings.cross_silo.message_max.value.bytes(),
        });
        if let Some(list) = deserialize {
            comm["serializing_allowed_list"] = json!(list);
        }
        if engine == Engine::Ray {
            comm["exit_on_sending_failure"] = json!(true);
        }
        if back_end == BackEnd::BrpcLink {
            // SecretFlow means to wait an hour and passes on the library's 30 s (RUNTIME 3).
            comm["recv_timeout_ms"] = json!(Span::seconds(3600).millis());
        }
        let mut init = json!({
            "ray_mode": engine == Engine::Ray,
            "logging_level": "info",
            "cross_silo_comm_options": comm,
        });
        if !back_end.is_default() {
            init["cross_silo_comm_backend"] = json!(back_end);
        }
        if engine == Engine::Ray {
            let head = party.main_host().and_then(|head| self.gcs(party, head));
            init["address"] = json!(head);
            // Lines of actors would mix with those of the job, and the last line of a job is its result (ran).
            init["log_to_driver"] = json!(false);
        }
        let is_tls = self.topology.tls_off.is_none();
        let tls = identity.filter(|_| is_tls).map(|identity| RuntimeTls {
            ca: format!("{}/tls/peers.pem", party.name.value).into(),
            cert: identity.cert.clone(),
            key: identity.key.clone(),
        });
        Some(SecretflowPlan { version, engine, python, init, tls, simulation: None })
    }
}

fn plan_spu(spu: &model::Spu) -> Spu {
    let link = &spu.link;
    let options = [
        ("connect_retry_times", u64::from(link.connect_retries)),
        ("connect_retry_interval_ms", link.connect_interval.millis()),
        ("recv_timeout_ms", link.recv_timeout.millis()),
        ("http_timeout_ms", link.http_timeout.millis()),
    ];
    Spu {
        parties: spu.parties.iter().map(|party| party.value.clone()).collect(),
        protocol: spu.protocol.value.clone(),
        field: spu.field.value.clone(),
        link_desc: options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn plan_job(job: &model::Job) -> FederationJob {
    let program = match &job.kind {
        JobKind::Script { path, args } => Program::Script {
            path: path.value.to_string(),
            args: args.iter().map(|arg| arg.value.to_string()).collect(),
        },
        JobKind::Sum { .. } => Program::Sum,
        JobKind::External => Program::External,
    };
    let parties = job.parties.iter().map(|party| party.value.clone()).collect();
    FederationJob { parties, slots: job.slots.value, program }
}

/// Where `viewer` reaches each link, its own included.
fn links(
    viewer: &PartyName,
    leads: bool,
    federation: &Federation,
    groups: &Groups<'_>,
) -> LinkTable {
    let mut peers = groups.peers(viewer);
    peers.insert(viewer);
    if leads {
        peers.extend(federation.parties.keys());
    }
    let to = |link: &Link| {
        let entries = peers
            .iter()
            .filter_map(|peer| Some(((*peer).clone(), groups.link_address(viewer, peer, link)?)));
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
