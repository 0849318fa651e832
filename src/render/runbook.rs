//! `<party>/RUNBOOK.md`: what to run, open and watch on a party's machines, in the order of need.

mod machine_files;
mod openings;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::{
    plan::{Deploy, Effect, HostPlan, Mode, PartyPlan, Program, Stage, undo, unit},
    types::{Engine, HostName, JobName, ProcessName},
};

use super::{
    artifact::{File, Files, Kind, OfParty},
    command::Command,
    scene::PartyScene,
    source::{Readers, Source},
    targets,
};
use machine_files::{MachineFile, machine_files};
use openings::{incoming, outgoing, passed_on};

pub(super) const ARTIFACT: Kind<OfParty> =
    Kind { templates: &[TEMPLATE], effect: Effect::Read, files };

const TEMPLATE: Source = Source {
    name: "party/RUNBOOK.md.hbs",
    text: include_str!("../../templates/party/RUNBOOK.md.hbs"),
    makes: "PARTY/RUNBOOK.md",
    purpose: "what to open, install, run and watch on a party's machines",
    readers: Readers::People,
    view: || schema_for!(View),
};

#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a condition of the template")]
struct View {
    /// The party.
    party: String,
    /// The name of the topology.
    topology: String,
    /// The list of pinned packages, from the folder of the topology.
    requirements: String,
    /// Whether several organisations meet, each with its own cluster.
    is_production: bool,
    /// Whether data may lie in volumes of containers.
    has_volumes: bool,
    /// Whether `sfgen apply` installs them for what keeps them up.
    is_installed: bool,
    /// `sudo ` where only root may install them.
    sudo: &'static str,
    /// Whether `sfgen apply` starts the processes itself.
    is_process: bool,
    /// Its certificates and its key.
    identity: Option<IdentityView>,
    /// Whether launchers of further hosts need the key too.
    keys_everywhere: bool,
    /// The parties that share a device or a job with it.
    peers: Vec<String>,
    /// What must be open towards it: `FROM -> TO PORTS    # ROLES`.
    incoming: Vec<String>,
    /// What must be open from it to its peers, in the same form.
    outgoing: Vec<String>,
    /// What is dialled at another address or number than it arrives at.
    passed_on: Vec<String>,
    /// What must be on its machines before it starts.
    machine_files: Vec<MachineFile>,
    /// Its hosts.
    hosts: Vec<HostView>,
    /// What computes, unless it is sfgen itself.
    runtime: Option<RuntimeView>,
    /// Where an account of the machine has its copy of what it runs, if one does.
    unit_home: Option<String>,
    /// The key that the runtime's own TLS needs there.
    key: Option<KeyView>,
    /// Numbers that this party keeps in files.
    inputs: Vec<InputView>,
    /// Whether any host has a firewall to load.
    has_firewall: bool,
    /// Whether any host has a Ray node.
    has_ray: bool,
    /// Whether any host has something to install.
    has_install: bool,
    /// Whether anything has to be started.
    has_start: bool,
    /// How a simulation is run: there is nobody to meet.
    simulation: Option<SimulationView>,
    /// The party that leads the simulation, where it is another one.
    follows: Option<String>,
    /// How each job is run.
    jobs: Vec<Command>,
    /// Jobs that other programs start.
    external_jobs: Vec<String>,
    /// The unit of the launcher, where it is one.
    launcher_unit: Option<String>,
    /// What shows how it is.
    watch: Vec<Command>,
    /// The unit or container to look at first when something does not start.
    look: Option<Command>,
}

#[derive(Serialize, JsonSchema)]
struct IdentityView {
    /// Its CA certificate.
    ca: String,
    /// Its certificate.
    cert: String,
    /// Its private key.
    key: String,
}

#[derive(Serialize, JsonSchema)]
struct KeyView {
    /// Whether it lies beside the topology, from where the account gets a copy.
    is_copied: bool,
}

#[derive(Serialize, JsonSchema)]
struct SimulationView {
    /// Whether SecretFlow starts Ray by itself.
    is_standalone: bool,
}

#[derive(Serialize, JsonSchema)]
struct HostView {
    /// Its name.
    name: String,
    /// The address that peers dial, and the one that it has itself.
    address: String,
    /// Whether launcher and jobs run there.
    is_main: bool,
    /// What runs there, by name.
    runs: Vec<String>,
    /// Loads the firewall.
    firewall: Vec<Command>,
    /// Installs.
    install: Vec<Command>,
    /// Starts.
    start: Vec<Command>,
    /// Stops what `start` started.
    stop: Vec<Command>,
    /// Takes back all of `install` and `firewall`, the last first.
    remove: Vec<Command>,
}

#[derive(Serialize, JsonSchema)]
struct RuntimeView {
    /// The release of SecretFlow.
    version: String,
    /// The version of Python.
    python: String,
    /// `python3.10`: interpreters are installed under the name of their minor release.
    interpreter: String,
    /// How much the installed packages take.
    size: &'static str,
    /// Whether the launcher installs them, rather than the steps of an installation.
    is_made_by_launcher: bool,
}

/// What an engine takes with its packages, measured with SecretFlow 1.13.0b0 on x86_64; other releases differ little.
const fn size(engine: Engine) -> &'static str {
    match engine {
        Engine::Ray => "1.5 GB",
        Engine::Threads => "1.3 GB",
    }
}

/// A number that this party adds to a sum.
#[derive(Serialize, JsonSchema)]
struct InputView {
    /// The job.
    job: String,
    /// The file.
    file: String,
}

/// Whether any step of an installation needs root.
fn needs_root(plan: &PartyPlan) -> bool {
    let mut steps = plan.hosts.values().flat_map(|host| &host.steps);
    steps.any(|step| step.stage != Stage::Firewall && step.action.needs_root())
}

fn files(scene: &PartyScene<'_>) -> Files {
    let plan = scene.plan;
    let hosts: Vec<_> =
        plan.hosts.iter().map(|(name, host)| host_view(scene, name, host)).collect();
    let external = plan.jobs.iter().filter(|(_, job)| matches!(job.program, Program::External));
    let tls = plan.secretflow.as_ref().and_then(|secretflow| secretflow.tls.as_ref());
    let view = View {
        party: plan.party.to_string(),
        topology: scene.scene.federation.topology.to_string(),
        requirements: format!("generated/{}/requirements.txt", plan.party),
        is_production: plan.mode == Mode::Production,
        is_installed: plan.deploy != Deploy::Process,
        sudo: if needs_root(plan) { "sudo " } else { "" },
        has_volumes: matches!(plan.deploy, Deploy::Docker { .. }),
        is_process: plan.deploy == Deploy::Process,
        identity: plan.identity.as_ref().map(|identity| IdentityView {
            ca: identity.ca.to_string(),
            cert: identity.cert.to_string(),
            key: identity.key.to_string(),
        }),
        keys_everywhere: plan.deploy == Deploy::Process && plan.hosts.len() > 1,
        peers: scene.peers.iter().map(ToString::to_string).collect(),
        incoming: incoming(scene),
        outgoing: outgoing(scene),
        passed_on: passed_on(scene),
        machine_files: machine_files(plan),
        has_install: hosts.iter().any(|host| !host.install.is_empty()),
        has_start: hosts.iter().any(|host| !host.start.is_empty()),
        has_firewall: hosts.iter().any(|host| !host.firewall.is_empty()),
        hosts,
        runtime: plan.secretflow.as_ref().map(|secretflow| RuntimeView {
            version: secretflow.version.clone(),
            python: secretflow.python.clone(),
            interpreter: secretflow.interpreter(),
            size: size(secretflow.engine),
            is_made_by_launcher: plan.deploy == Deploy::Process,
        }),
        unit_home: match &plan.deploy {
            Deploy::Systemd { home, .. } => plan.secretflow.as_ref().map(|_| home.to_string()),
            Deploy::Process | Deploy::Docker { .. } => None,
        },
        key: tls.map(|tls| KeyView { is_copied: tls.key.is_relative() }),
        inputs: inputs(scene),
        has_ray: plan.hosts.values().any(|host| host.ray.is_some()),
        simulation: simulation(scene),
        follows: follows(scene),
        jobs: jobs(scene),
        external_jobs: external.map(|(name, _)| name.to_string()).collect(),
        launcher_unit: launcher_unit(scene),
        watch: targets::watch(scene),
        look: targets::look(scene),
    };
    Ok(vec![File::new("RUNBOOK.md", scene.scene.fill(TEMPLATE, &view)?)])
}

fn host_view(scene: &PartyScene<'_>, name: &HostName, host: &HostPlan) -> HostView {
    let commands = |stage: Stage| {
        let steps = host.steps.iter().filter(|step| step.stage == stage);
        steps.map(|step| Command::of(&step.action)).collect()
    };
    let undone = |stages: &[Stage]| undo(&host.steps, stages).iter().map(Command::of).collect();
    HostView {
        name: name.to_string(),
        address: match &host.inside {
            None => host.address.bare(),
            Some(inside) => format!("{}, inside {}", host.address.bare(), inside.bare()),
        },
        is_main: *name == scene.plan.main_host,
        runs: host
            .processes
            .iter()
            .filter(|process| process.is_kept_up())
            .map(|process| process.name.to_string())
            .collect(),
        firewall: commands(Stage::Firewall),
        install: commands(Stage::Install),
        start: commands(Stage::Start),
        stop: undone(&[Stage::Start]),
        remove: undone(&[Stage::Install, Stage::Firewall]),
    }
}

/// How each job is run; in a simulation by the party that leads it alone.
fn jobs(scene: &PartyScene<'_>) -> Vec<Command> {
    if follows(scene).is_some() {
        return Vec::new();
    }
    let jobs = scene.plan.jobs.iter().filter_map(|(name, job)| Some((name, job.process.as_ref()?)));
    jobs.map(|(name, process): (&JobName, _)| targets::run_job(scene, name, process)).collect()
}

/// The party that leads the simulation, whose plan has everybody's devices, where it is another one.
fn follows(scene: &PartyScene<'_>) -> Option<String> {
    let simulation = scene.plan.secretflow.as_ref()?.simulation.as_ref()?;
    let leader = simulation.parties.first()?;
    (*leader != scene.plan.party).then(|| leader.to_string())
}

fn launcher_unit(scene: &PartyScene<'_>) -> Option<String> {
    let (plan, topology) = (scene.plan, &scene.scene.federation.topology);
    let launcher = plan.main().process(&ProcessName::Launcher)?;
    let is_unit = matches!(plan.deploy, Deploy::Systemd { .. });
    is_unit.then(|| unit(topology, &plan.party, &launcher.name))
}

fn inputs(scene: &PartyScene<'_>) -> Vec<InputView> {
    let jobs = scene.plan.jobs.iter();
    let inputs = jobs.filter_map(|(job, plan)| {
        Some(InputView { job: job.to_string(), file: plan.input_file.as_ref()?.to_string() })
    });
    inputs.collect()
}

fn simulation(scene: &PartyScene<'_>) -> Option<SimulationView> {
    let simulation = scene.plan.secretflow.as_ref()?.simulation.as_ref()?;
    // Without a head, SecretFlow starts a Ray of its own.
    Some(SimulationView { is_standalone: simulation.address == "local" })
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    fn runbook(sample: &samples::Sample, party: &str) -> String {
        let tree = sample.render().unwrap();
        let path = format!("{party}/RUNBOOK.md");
        String::from_utf8(tree.get(&path).unwrap().bytes.to_vec()).unwrap()
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
        assert!(text.contains("\nsfgen apply --party alice\n"), "no root, and Docker: {text}");
        assert!(!text.contains("\nsfgen stop"), "no launcher: {text}");
        let bob = runbook(&samples::simulation(), "bob");
        assert!(bob.contains("up --detach --wait\n"), "{bob}");
    }

    #[test]
    fn only_the_party_that_leads_a_simulation_runs_its_jobs() {
        let job = "job \"psi\" script=\"psi.py\" { parties \"alice\" \"bob\"; }\nspu ";
        let sample = samples::simulation().with("spu \"spu\"", &format!("{job}\"spu\""));
        let alice = runbook(&sample, "alice");
        assert!(alice.contains("Once, on the first host:\n"), "{alice}");
        assert!(alice.contains("exec -e SFGEN_JOB=psi ray python /srv/sfgen/psi.py\n"), "{alice}");
        let bob = runbook(&sample, "bob");
        assert!(bob.contains("the runbook of alice has the commands"), "{bob}");
        assert!(!bob.contains("psi.py"), "{bob}");
    }
}
