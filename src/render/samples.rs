//! Small hand-made plans for tests, here and in `tests/it`.

use std::collections::BTreeMap;

use serde_json::json;
use sfgen::{
    plan::{
        ContainerNetwork, Deploy, Engine, FORMAT, Federation, FederationHost, FederationJob,
        FederationParty, FederationRuntime, Fingerprints, Groups, Heu, HostPlan, Identity, JobPlan,
        Link, LinkTable, Links, Mode, PartyPlan, Program, RayPlan, RuntimeTls, SecretflowPlan,
        ServicePlan, Simulation, Spu, federation_bytes,
    },
    render::{ArtifactTree, Input, RenderError, render},
    types::{BackEnd, Digest, PartyName, Port, PortRange, RayPort, Role, Size, Span},
};

/// All that [`render`] takes.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) federation: Federation,
    pub(crate) parties: BTreeMap<PartyName, PartyPlan>,
    pub(crate) ca_pems: BTreeMap<PartyName, String>,
}

/// Three parties in production: alice with units, bob with containers, carol with two hosts and processes.
pub(crate) fn production() -> Sample {
    let mut sample = Sample::empty("credit-risk", Mode::Production, secretflow());
    for (party, hosts) in [
        ("alice", &[("alice-1", "192.168.1.10")][..]),
        ("bob", &[("bob-1", "192.168.1.11")]),
        ("carol", &[("carol-1", "fd00::12"), ("carol-2", "fd00::13")]),
    ] {
        sample.add_federation_party(party, hosts);
    }
    let federation = &mut sample.federation;
    federation.spus.insert(name("spu"), spu());
    federation.heus.insert(
        name("heu"),
        Heu {
            sk_keeper: name("alice"),
            evaluators: vec![name("carol")],
            field: "FM128".into(),
            config: json!({ "mode": "PHEU", "he_parameters": { "schema": "paillier" } }),
        },
    );
    let script = Program::Script { path: "jobs/psi.py".into(), args: vec!["--key".into()] };
    federation.jobs.insert(
        name("psi"),
        FederationJob { parties: ["alice", "bob"].map(name).into(), slots: 2, program: script },
    );
    for (index, party) in ["alice", "bob", "carol"].into_iter().enumerate() {
        sample.add_plan(party, 20000 + 1000 * u16::try_from(index).unwrap());
    }
    let deploy = Deploy::Systemd { user: "secretflow".into(), home: "/opt/secretflow".into() };
    sample.plan("alice").deploy = deploy;
    sample.plan("alice").add_services(None);
    sample.plan("bob").deploy = Deploy::Docker { network: ContainerNetwork::Host };
    sample.plan("bob").add_services(Some("redis:7-alpine"));
    sample.relink();
    sample
}

/// Two parties of one laboratory in containers on a bridge.
pub(crate) fn simulation() -> Sample {
    let mut sample = Sample::empty("bridge", Mode::Simulation, secretflow());
    for (party, host) in
        [("alice", ("alice-1", "192.168.0.10")), ("bob", ("bob-1", "192.168.0.20"))]
    {
        sample.add_federation_party(party, &[host]);
        sample.federation.parties.get_mut(&name(party)).unwrap().identity = None;
    }
    sample.federation.spus.insert(name("spu"), spu());
    for (index, party) in ["alice", "bob"].into_iter().enumerate() {
        sample.add_plan(party, 20000 + 1000 * u16::try_from(index).unwrap());
        let network =
            ContainerNetwork::Bridge { name: name("sfnet"), subnet: "192.168.0.0/24".into() };
        sample.plan(party).deploy = Deploy::Docker { network };
    }
    let alice = sample.plan("alice").hosts.get_mut(&name("alice-1")).unwrap();
    let published = ["6080:1080", "127.0.0.1:8075-8077:8075-8077"];
    alice.publish = published.map(|mapping| mapping.parse().unwrap()).into();
    let head = sample.plan("alice").main().port(&Role::Ray(RayPort::Gcs)).unwrap();
    let bob = sample.plan("bob").hosts.get_mut(&name("bob-1")).unwrap();
    bob.ray.as_mut().unwrap().join = Some(format!("192.168.0.10:{head}"));
    bob.ports.retain(|role, _| !matches!(role, Role::Ray(port) if port.is_head_only()));
    sample.relink();
    sample
}

/// Two parties on loopback with the embedded runtime, alice with a service.
pub(crate) fn embedded() -> Sample {
    let mut sample = Sample::empty("sum", Mode::Production, FederationRuntime::Embedded);
    for (party, host) in [("alice", "alice-1"), ("bob", "bob-1")] {
        sample.add_federation_party(party, &[(host, "127.0.0.1")]);
    }
    let job = FederationJob {
        parties: ["alice", "bob"].map(name).into(),
        slots: 1,
        program: Program::Sum,
    };
    sample.federation.jobs.insert(name("total"), job);
    for (index, party) in ["alice", "bob"].into_iter().enumerate() {
        sample.add_plan(party, 20000 + 1000 * u16::try_from(index).unwrap());
    }
    sample.plan("alice").add_services(None);
    sample.relink();
    sample
}

impl Sample {
    fn empty(topology: &str, mode: Mode, runtime: FederationRuntime) -> Self {
        let federation = Federation {
            format: FORMAT,
            topology: name(topology),
            mode,
            runtime,
            links: Links::Direct,
            tls: true,
            parties: BTreeMap::new(),
            spus: BTreeMap::new(),
            heus: BTreeMap::new(),
            jobs: BTreeMap::new(),
        };
        Self { federation, parties: BTreeMap::new(), ca_pems: BTreeMap::new() }
    }

    /// The tree of this sample.
    pub(crate) fn render(&self) -> Result<ArtifactTree, RenderError> {
        self.render_with(&BTreeMap::new())
    }

    /// The tree of this sample with templates of the user.
    pub(crate) fn render_with(
        &self,
        templates: &BTreeMap<String, String>,
    ) -> Result<ArtifactTree, RenderError> {
        let requirements = "numpy==1.26.4\n";
        let Self { federation, parties, ca_pems } = self;
        render(Input { federation, parties, ca_pems, requirements, templates })
    }

    /// The tree where alice deploys with Docker.
    pub(crate) fn render_with_docker(mut self) -> Result<ArtifactTree, RenderError> {
        self.plan("alice").deploy = Deploy::Docker { network: ContainerNetwork::Host };
        self.render()
    }

    /// Another party that shares a job with carol and nothing with the others.
    pub(crate) fn with_stranger(mut self) -> Self {
        for (party, host) in [("dave", "dave-1"), ("erin", "erin-1")] {
            self.add_federation_party(party, &[(host, "192.168.1.40")]);
        }
        let job = FederationJob {
            parties: ["dave", "erin"].map(name).into(),
            slots: 1,
            program: Program::External,
        };
        self.federation.jobs.insert(name("other"), job);
        self.add_plan("dave", 28000);
        self.add_plan("erin", 29000);
        self.relink();
        self
    }

    /// Alice's worker gets one more variable.
    pub(crate) fn with_env(mut self, variable: &str, value: &str) -> Self {
        let host = self.plan("alice").hosts.get_mut(&name("alice-1")).unwrap();
        let worker = host.services.last_mut().unwrap();
        worker.env.insert(variable.into(), value.into());
        self
    }

    /// Alice's account lives elsewhere.
    pub(crate) fn with_home(mut self, home: &str) -> Self {
        self.plan("alice").deploy = Deploy::Systemd { user: "root".into(), home: home.into() };
        self
    }

    pub(crate) fn plan(&mut self, party: &str) -> &mut PartyPlan {
        self.parties.get_mut(&name(party)).unwrap()
    }

    fn add_federation_party(&mut self, party: &str, hosts: &[(&str, &str)]) {
        let hosts = hosts.iter().map(|(host, address)| {
            let host_view =
                FederationHost { address: address.parse().unwrap(), ports: BTreeMap::new() };
            (name(host), host_view)
        });
        let identity = Fingerprints {
            ca: Digest::of(format!("{party} CA").as_bytes()),
            leaf: Digest::of(party.as_bytes()),
            not_after: Some("2027-11-21".into()),
        };
        let view = FederationParty { identity: Some(identity), slots: 2, hosts: hosts.collect() };
        self.federation.parties.insert(name(party), view);
        if self.federation.mode == Mode::Production {
            self.ca_pems.insert(name(party), format!("CA of {party}\n"));
        }
    }

    /// A party's plan: `base` and up on its first host, 500 further on the next.
    fn add_plan(&mut self, party: &str, base: u16) {
        let production = self.federation.mode == Mode::Production;
        let secretflow = matches!(self.federation.runtime, FederationRuntime::Secretflow { .. });
        let mut hosts = BTreeMap::new();
        let mut join = None;
        let names: Vec<_> =
            self.federation.parties[&name::<PartyName>(party)].hosts.keys().cloned().collect();
        for (index, host) in names.iter().enumerate() {
            let is_main = index == 0;
            let base = base + 500 * u16::try_from(index).unwrap();
            let federation = self.federation.parties.get_mut(&name(party)).unwrap();
            let address = federation.hosts[host].address.clone();
            let public = public_ports(base, is_main, production);
            federation.hosts.get_mut(host).unwrap().ports = public.clone();
            let mut ports = public;
            let ray = secretflow.then(|| {
                ports.extend(ray_ports(base + 20, is_main));
                RayPlan {
                    join: join.clone(),
                    cpus: 4,
                    object_store: Size::mib(512),
                    resources: BTreeMap::new(),
                }
            });
            if is_main && secretflow {
                ports.insert(Role::Heu, range(base + 10, 4));
                join = Some(format!("{address}:{}", base + 20));
            }
            hosts.insert(
                host.clone(),
                HostPlan { address, ports, ray, services: Vec::new(), publish: Vec::new() },
            );
        }
        let identity = production.then(|| Identity {
            ca: format!("pki/{party}/ca.pem").into(),
            cert: format!("pki/{party}/node.pem").into(),
            key: format!("/etc/sfgen/{party}/node.key").into(),
        });
        let plan = PartyPlan {
            format: FORMAT,
            party: name(party),
            federation: Digest::of(b""),
            mode: self.federation.mode,
            deploy: Deploy::Process,
            secretflow: secretflow.then(|| SecretflowPlan {
                version: "1.13.0b0".into(),
                engine: Engine::Ray,
                python: "3.10".into(),
                init: json!({ "ray_mode": true }),
                tls: identity.as_ref().map(|identity| RuntimeTls {
                    ca: format!("{party}/tls/peers.pem").into(),
                    cert: identity.cert.clone(),
                    key: identity.key.clone(),
                }),
                simulation: (!production).then(|| Simulation {
                    parties: self.federation.parties.keys().cloned().collect(),
                    address: "192.168.0.10:20020".into(),
                }),
            }),
            identity,
            listen: "0.0.0.0".parse().unwrap(),
            main_host: names[0].clone(),
            hosts,
            links: LinkTable::default(),
            spus: BTreeMap::new(),
            heus: BTreeMap::new(),
            jobs: BTreeMap::new(),
        };
        self.parties.insert(name(party), plan);
    }

    /// Gives each plan what the federation says about its party.
    fn relink(&mut self) {
        let federation = self.federation.clone();
        let groups = Groups::of(&federation);
        for (party, plan) in &mut self.parties {
            let mut group = federation.peers(party);
            group.insert(party.clone());
            let link = |peer: &PartyName, link: &Link| {
                Some((peer.clone(), groups.link_address(party, peer, link)?))
            };
            plan.links.sf = group.iter().filter_map(|peer| link(peer, &Link::Sf)).collect();
            plan.spus = federation.spus.clone();
            plan.spus.retain(|_, spu| spu.parties.contains(party));
            plan.heus = federation.heus.clone();
            plan.heus.retain(|_, heu| heu.sk_keeper == *party || heu.evaluators.contains(party));
            for (name, spu) in &plan.spus {
                let links = spu.parties.iter().map(|peer| {
                    // A simulation has no control port, so no main host of the federation.
                    link(peer, &Link::Spu(name.clone())).unwrap_or_else(|| {
                        let host = federation.parties[peer].hosts.values().next().unwrap();
                        let ports = host.ports[&Role::Spu];
                        let address = sfgen::plan::LinkAddress {
                            host: host.address.clone(),
                            first: ports.first(),
                            last: ports.last(),
                        };
                        (peer.clone(), address)
                    })
                });
                plan.links.spu.insert(name.clone(), links.collect());
            }
            let jobs = federation.jobs.iter().filter(|(_, job)| job.parties.contains(party));
            let jobs = jobs.map(|(name, job)| {
                let job = JobPlan {
                    parties: job.parties.clone(),
                    slots: job.slots,
                    program: job.program.clone(),
                    input: None,
                };
                (name.clone(), job)
            });
            plan.jobs = jobs.collect();
            plan.federation = Digest::of(&federation_bytes(&federation));
        }
    }
}

trait AddServices {
    fn add_services(&mut self, redis_image: Option<&str>);
}

impl AddServices for PartyPlan {
    /// Redis, and a worker that starts after it and, where there is one, after Ray.
    fn add_services(&mut self, redis_image: Option<&str>) {
        let has_ray = self.secretflow.is_some();
        let host = self.hosts.get_mut(&self.main_host).unwrap();
        let redis = host.ports.values().map(|range| range.last()).max().unwrap().plus(1).unwrap();
        host.ports.insert(Role::Service("redis".into()), redis.into());
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        let mut after: Vec<String> = words(&["redis"]);
        after.extend(has_ray.then(|| "ray".to_owned()));
        host.services = vec![
            ServicePlan {
                name: name("redis"),
                image: redis_image.map(String::from),
                command: words(&["redis-server", "--port", &redis.to_string()]),
                env: BTreeMap::new(),
                after: Vec::new(),
                ready: Some(redis),
                ready_within: Span::seconds(60),
                grace: Span::seconds(10),
            },
            ServicePlan {
                name: name("worker"),
                image: None,
                command: words(&["python", "src/worker.py", "50% of $HOME; \"x\" \\"]),
                env: BTreeMap::from([("WORKER_CONCURRENCY".into(), "2 $x %n \"q\"\n".into())]),
                after,
                ready: None,
                ready_within: Span::seconds(60),
                grace: Span::seconds(60),
            },
        ];
    }
}

fn public_ports(base: u16, is_main: bool, production: bool) -> BTreeMap<Role, PortRange> {
    let mut ports = BTreeMap::new();
    if is_main {
        ports.insert(Role::Spu, range(base + 4, 4));
    }
    if is_main && production {
        ports.insert(Role::Sf, range(base, 4));
        ports.insert(Role::Control, range(base + 9, 1));
    }
    ports
}

fn ray_ports(base: u16, is_head: bool) -> BTreeMap<Role, PortRange> {
    let ports = RayPort::ALL.into_iter().filter(|port| is_head || !port.is_head_only());
    let ports = ports.zip(base..).map(|(port, number)| {
        let workers = if port == RayPort::Workers { 40 } else { 1 };
        (Role::Ray(port), range(number, workers))
    });
    ports.collect()
}

fn range(first: u16, count: u16) -> PortRange {
    PortRange::of_len(Port::try_from(i128::from(first)).unwrap(), count).unwrap()
}

fn spu() -> Spu {
    Spu {
        parties: ["alice", "bob"].map(name).into(),
        protocol: "SEMI2K".into(),
        field: "FM128".into(),
        link_desc: BTreeMap::from([("connect_retry_times".into(), 60)]),
    }
}

fn secretflow() -> FederationRuntime {
    FederationRuntime::Secretflow {
        version: "1.13.0b0".into(),
        engine: Engine::Ray,
        python: "3.10".into(),
        deserialize: None,
        back_end: BackEnd::default(),
    }
}

fn name<N: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> N {
    text.parse().unwrap()
}
