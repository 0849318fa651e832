//! `<party>/RUNBOOK.md`: what to run, open and watch on a party's machines, in the order of need.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    plan::{ContainerNetwork, Deploy, JobPlan, Mode, Program},
    types::{HostAddr, JobName, PortRange, Role},
};

use super::{
    Effect, File, Files, Kind, OfParty,
    engine::Source,
    firewall::merged,
    names::{env_file_path, runtime_dir, target_unit, unit},
    reach::{Audience, peers_of, sources},
    scene::PartyScene,
};

pub(super) const ARTIFACT: Kind<OfParty> =
    Kind { templates: &[TEMPLATE], effect: Effect::Read, files };

const TEMPLATE: Source = Source {
    name: "party/RUNBOOK.md.hbs",
    text: include_str!("../../templates/party/RUNBOOK.md.hbs"),
};

#[derive(Serialize)]
struct View {
    party: String,
    topology: String,
    is_production: bool,
    /// Whether `sfgen apply` starts the processes itself.
    is_process: bool,
    identity: Option<IdentityView>,
    peers: Vec<String>,
    /// What the peers, and the party's own hosts, must be able to dial here.
    incoming: Vec<Opening>,
    /// What this party must be able to dial elsewhere.
    outgoing: Vec<Opening>,
    hosts: Vec<HostView>,
    main_host: String,
    runtime: Option<RuntimeView>,
    systemd: Option<SystemdView>,
    docker: Option<DockerView>,
    simulation: Option<SimulationView>,
    /// Jobs that a launcher runs, and jobs that something else starts.
    jobs: Vec<JobView>,
    external_jobs: Vec<String>,
}

#[derive(Serialize)]
struct JobView {
    name: String,
    /// Its script and arguments; empty for a job of the embedded runtime.
    script: Vec<String>,
}

#[derive(Serialize)]
struct IdentityView {
    ca: String,
    cert: String,
    key: String,
}

/// How a simulation is run: by hand, since there is nobody to meet.
#[derive(Serialize)]
struct SimulationView {
    /// The party whose plan has everybody's devices, and whether it is this one.
    leader: String,
    leads: bool,
    /// Whether SecretFlow starts Ray by itself.
    is_standalone: bool,
    /// Whether units or containers start the Ray nodes.
    is_installed: bool,
    /// The nodes of this party by host.
    nodes: Vec<NodeView>,
    jobs: Vec<SimulatedJob>,
}

#[derive(Serialize)]
struct NodeView {
    host: String,
    is_head: bool,
    command: Vec<String>,
}

#[derive(Serialize)]
struct SimulatedJob {
    command: Vec<String>,
}

#[derive(Serialize)]
struct HostView {
    name: String,
    address: String,
    is_main: bool,
    /// Units or containers of the host, by name.
    services: Vec<String>,
}

/// `from -> to port`.
#[derive(Serialize)]
struct Opening {
    from: String,
    to: String,
    ports: String,
    roles: String,
}

#[derive(Serialize)]
struct RuntimeView {
    version: String,
    python: String,
    /// `python3.10`: interpreters are installed under the name of their minor release.
    interpreter: String,
}

#[derive(Serialize)]
struct SystemdView {
    user: String,
    home: String,
    target: String,
    env_file: String,
    /// All units of the party. A pattern would name those of a party whose name is longer, too.
    units: BTreeSet<String>,
    first_unit: Option<String>,
}

#[derive(Serialize)]
struct DockerView {
    bridge: Option<BridgeView>,
}

#[derive(Serialize)]
struct BridgeView {
    name: String,
    subnet: String,
}

fn files(scene: &PartyScene<'_>) -> Files {
    let plan = scene.plan;
    let federation = scene.scene.federation;
    let (launched, external): (Vec<_>, Vec<_>) =
        plan.jobs.iter().partition(|(_, job)| !matches!(job.program, Program::External));
    let names =
        |jobs: Vec<(&JobName, _)>| jobs.into_iter().map(|(name, _)| name.to_string()).collect();
    let view = View {
        party: plan.party.to_string(),
        topology: federation.topology.to_string(),
        is_production: plan.mode == Mode::Production,
        is_process: plan.deploy == Deploy::Process,
        identity: plan.identity.as_ref().map(|identity| IdentityView {
            ca: identity.ca.to_string(),
            cert: identity.cert.to_string(),
            key: identity.key.to_string(),
        }),
        peers: scene.peers.iter().map(ToString::to_string).collect(),
        incoming: incoming(scene),
        outgoing: outgoing(scene),
        hosts: hosts(scene),
        runtime: plan.secretflow.as_ref().map(|secretflow| RuntimeView {
            version: secretflow.version.clone(),
            python: secretflow.python.clone(),
            interpreter: interpreter(&secretflow.python),
        }),
        main_host: plan.main_host.to_string(),
        systemd: systemd(scene),
        docker: docker(scene),
        simulation: simulation(scene),
        jobs: launched.into_iter().map(|(name, job)| job_view(name, job)).collect(),
        external_jobs: names(external),
    };
    Ok(vec![File::new("RUNBOOK.md", scene.scene.fill(TEMPLATE, &view)?)])
}

fn job_view(name: &JobName, job: &JobPlan) -> JobView {
    let script = match &job.program {
        Program::Script { path, args } => std::iter::once(path).chain(args).cloned().collect(),
        Program::Sum | Program::External => Vec::new(),
    };
    JobView { name: name.to_string(), script }
}

fn simulation(scene: &PartyScene<'_>) -> Option<SimulationView> {
    let plan = scene.plan;
    let simulation = plan.secretflow.as_ref()?.simulation.as_ref()?;
    let leader = simulation.parties.first()?;
    let nodes = plan.hosts.iter().filter_map(|(name, host)| {
        let ray = host.ray.as_ref()?;
        let folder = format!("/tmp/{}", runtime_dir(&scene.scene.federation.topology, &plan.party));
        let command = host.ray_command(&folder)?;
        let variables = command.env.iter().map(|(name, value)| format!("{name}={value}"));
        let env = (!command.env.is_empty()).then(|| "env".to_owned());
        let words = env.into_iter().chain(variables).chain(command.args).collect();
        Some(NodeView { host: name.to_string(), is_head: ray.join.is_none(), command: words })
    });
    let jobs = plan.jobs.iter().filter_map(|(name, job)| match &job.program {
        Program::Script { path, args } => {
            let mut command = driver(scene, name);
            command.push(path.clone());
            command.extend(args.iter().cloned());
            Some(SimulatedJob { command })
        }
        _ => None,
    });
    Some(SimulationView {
        leader: leader.to_string(),
        leads: *leader == plan.party,
        is_standalone: simulation.address == "local",
        is_installed: plan.deploy != Deploy::Process,
        nodes: nodes.collect(),
        jobs: jobs.collect(),
    })
}

/// Python with what `sf_party` needs to know, where the party's programs are installed.
fn driver(scene: &PartyScene<'_>, job: &JobName) -> Vec<String> {
    let plan = scene.plan;
    let mut words: Vec<String> = Vec::new();
    let mut python = "python".to_owned();
    match &plan.deploy {
        Deploy::Systemd { user, home } => {
            words.extend(["sudo", "-u", user.as_str()].map(ToOwned::to_owned));
            python = format!("{home}/venv/bin/python");
        }
        Deploy::Docker { .. } if plan.main().ray.is_some() => {
            let file = format!("generated/{}/{}/docker/compose.yaml", plan.party, plan.main_host);
            let start = ["docker", "compose", "-f", file.as_str(), "exec", "ray"];
            words.extend(start.map(ToOwned::to_owned));
        }
        Deploy::Process | Deploy::Docker { .. } => {}
    }
    words.extend([
        "env".to_owned(),
        format!("SFGEN_PARTY={}", plan.party),
        format!("SFGEN_JOB={job}"),
        "PYTHONPATH=generated".to_owned(),
        python,
    ]);
    words
}

fn interpreter(python: &str) -> String {
    let minor: Vec<_> = python.split('.').take(2).collect();
    format!("python{}", minor.join("."))
}

fn incoming(scene: &PartyScene<'_>) -> Vec<Opening> {
    let plan = scene.plan;
    let mut ways = Ways::default();
    for host in plan.hosts.values() {
        for (role, range) in &host.ports {
            for from in sources(role, scene, host) {
                ways.add(&from, &host.address, role, *range);
            }
        }
    }
    ways.into_openings()
}

fn outgoing(scene: &PartyScene<'_>) -> Vec<Opening> {
    let (federation, plan) = (scene.scene.federation, scene.plan);
    let own: BTreeSet<&HostAddr> = plan.hosts.values().map(|host| &host.address).collect();
    let mut ways = Ways::default();
    for peer in &scene.peers {
        let hosts = federation.parties.get(*peer).into_iter().flat_map(|peer| peer.hosts.values());
        for host in hosts {
            for (role, range) in &host.ports {
                let is_dialled = Audience::of(role, federation) == Audience::Peers
                    && peers_of(role, scene).contains(peer);
                for from in own.iter().filter(|from| is_dialled && ***from != host.address) {
                    ways.add(from, &host.address, role, *range);
                }
            }
        }
    }
    ways.into_openings()
}

/// What must be open between two addresses.
#[derive(Default)]
struct Ways(BTreeMap<(String, String), Vec<(PortRange, String)>>);

impl Ways {
    fn add(&mut self, from: &HostAddr, to: &HostAddr, role: &Role, range: PortRange) {
        // Ray's dozen of roles are one thing to a firewall team.
        let role = if let Role::Ray(_) = role { "ray".to_owned() } else { role.to_string() };
        self.0.entry((from.bare(), to.bare())).or_default().push((range, role));
    }

    /// A line per pair of addresses and run of ports without a gap.
    fn into_openings(self) -> Vec<Opening> {
        let mut openings = Vec::new();
        for ((from, to), ranges) in self.0 {
            for run in merged(ranges.iter().map(|(range, _)| *range)) {
                let within = ranges.iter().filter(|(range, _)| range.overlaps(run));
                let roles: BTreeSet<_> = within.map(|(_, role)| role.as_str()).collect();
                openings.push(Opening {
                    from: from.clone(),
                    to: to.clone(),
                    ports: run.to_string(),
                    roles: roles.into_iter().collect::<Vec<_>>().join(", "),
                });
            }
        }
        openings
    }
}

fn hosts(scene: &PartyScene<'_>) -> Vec<HostView> {
    let plan = scene.plan;
    let hosts = plan.hosts.iter().map(|(name, host)| {
        let ray = host.ray.iter().map(|_| "ray".to_owned());
        let services = host.services.iter().map(|service| service.name.to_string());
        HostView {
            name: name.to_string(),
            address: host.address.bare(),
            is_main: *name == plan.main_host,
            services: ray.chain(services).collect(),
        }
    });
    hosts.collect()
}

fn systemd(scene: &PartyScene<'_>) -> Option<SystemdView> {
    let Deploy::Systemd { user, home } = &scene.plan.deploy else { return None };
    let (topology, party) = (&scene.scene.federation.topology, &scene.plan.party);
    let main = scene.plan.main();
    let services = main.services.iter().map(|service| service.name.as_str());
    let first = main.ray.iter().map(|_| "ray").chain(services).next();
    let units = scene.plan.hosts.values().flat_map(|host| {
        let services = host.services.iter().map(|service| service.name.as_str());
        host.ray.iter().map(|_| "ray").chain(services)
    });
    Some(SystemdView {
        user: user.clone(),
        home: home.clone(),
        target: target_unit(topology, party),
        env_file: env_file_path(topology, party),
        units: units.map(|service| unit(topology, party, service)).collect(),
        first_unit: first.map(|service| unit(topology, party, service)),
    })
}

fn docker(scene: &PartyScene<'_>) -> Option<DockerView> {
    let Deploy::Docker { network } = &scene.plan.deploy else { return None };
    let bridge = match network {
        ContainerNetwork::Host => None,
        ContainerNetwork::Bridge { name, subnet } => {
            Some(BridgeView { name: name.to_string(), subnet: subnet.clone() })
        }
    };
    Some(DockerView { bridge })
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    fn runbook(sample: &samples::Sample, party: &str) -> String {
        let tree = sample.render().unwrap();
        let path = format!("{party}/RUNBOOK.md");
        String::from_utf8(tree.get(&path).unwrap().bytes.clone()).unwrap()
    }

    #[test]
    fn an_interpreter_is_called_by_its_minor_release() {
        assert_eq!(super::interpreter("3.10.13"), "python3.10");
        assert_eq!(super::interpreter("3.10"), "python3.10");
    }

    #[test]
    fn the_runbook_of_a_party_with_units() {
        insta::assert_snapshot!(runbook(&samples::production(), "alice"));
    }

    #[test]
    fn the_runbook_of_a_party_with_containers() {
        insta::assert_snapshot!(runbook(&samples::production(), "bob"));
    }

    #[test]
    fn a_simulation_has_no_keys_to_make_and_no_peers_to_wait_for() {
        let text = runbook(&samples::simulation(), "alice");
        assert!(!text.contains("keys new"), "{text}");
        assert!(text.contains("docker network create"), "{text}");
        assert!(!text.contains("sfgen apply") && !text.contains("sfgen stop"), "{text}");
        assert!(text.contains("The head, before all others:\n"), "{text}");
        let bob = runbook(&samples::simulation(), "bob");
        assert!(bob.contains("A node, when the head is up:\n"), "{bob}");
        assert!(bob.contains("the runbook of alice has the commands"), "{bob}");
    }
}
