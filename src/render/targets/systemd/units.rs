//! `<party>/<host>/systemd/`: a target, and units for the Ray node, for each service, for the launcher and for each job
//! that it starts.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::{
    plan::{
        Deploy, Effect, LAUNCHER, Location, Process, ProcessKind, Program, Readiness, Restart,
        RunsAs, VENV, env_file_path, job_socket, job_socket_unit, located, target_unit, unit,
    },
    render::{
        artifact::{File, Files, Kind, OfHost},
        scene::HostScene,
        source::{Readers, Source},
        spell::{seconds, whole_seconds},
    },
    types::{Home, JobName, Port, ProcessName},
};

use super::files::{self, FilesView};

pub(super) const UNITS: Kind<OfHost> =
    Kind { templates: &[TARGET, UNIT, SOCKET], effect: Effect::Install, files };

const TARGET: Source = Source {
    name: "party/host/systemd/party.target.hbs",
    text: include_str!("../../../../templates/party/host/systemd/party.target.hbs"),
    makes: "PARTY/HOST/systemd/sfgen-TOPOLOGY-PARTY.target",
    purpose: "the unit that stands for all units of a party on a host",
    readers: Readers::Machines,
    view: || schema_for!(TargetView<'_>),
};
const UNIT: Source = Source {
    name: "party/host/systemd/unit.service.hbs",
    text: include_str!("../../../../templates/party/host/systemd/unit.service.hbs"),
    makes: "PARTY/HOST/systemd/sfgen-TOPOLOGY-PARTY-PROCESS.service",
    purpose: "the unit of a process that systemd keeps up",
    readers: Readers::Machines,
    view: || schema_for!(UnitView<'_>),
};

const SOCKET: Source = Source {
    name: "party/host/systemd/job.socket.hbs",
    text: include_str!("../../../../templates/party/host/systemd/job.socket.hbs"),
    makes: "PARTY/HOST/systemd/sfgen-TOPOLOGY-PARTY-job-JOB.socket",
    purpose: "the socket at which the launcher starts runs of a job",
    readers: Readers::Machines,
    view: || schema_for!(SocketView<'_>),
};

/// Where systemd looks for programs by default (systemd.exec(5), `Environment=`).
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

#[derive(Serialize, JsonSchema)]
struct TargetView<'a> {
    /// The party.
    party: &'a str,
    /// The name of the topology.
    topology: &'a str,
    /// Its units.
    units: &'a [String],
}

/// The socket at which runs of a job are started.
#[derive(Serialize, JsonSchema)]
struct SocketView<'a> {
    /// The job.
    job: &'a str,
    /// The party.
    party: &'a str,
    /// The name of the topology.
    topology: &'a str,
    /// The unit that stands for all of the party's units.
    target: &'a str,
    /// Where it is.
    path: String,
    /// Who may start runs.
    user: Option<String>,
}

/// One unit.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a condition of the template")]
struct UnitView<'a> {
    /// The process.
    process: String,
    /// The party.
    party: &'a str,
    /// The name of the topology.
    topology: &'a str,
    /// The unit that stands for all of the party's units.
    target: &'a str,
    /// The units that come first.
    after: Vec<String>,
    /// The account as which it runs.
    user: Option<String>,
    /// The folder in which it runs.
    folder: Option<String>,
    /// The file with the host's variables.
    env_file: Option<String>,
    /// `NAME=value`, for each variable of its own.
    environment: Vec<String>,
    /// Its command line.
    exec: Vec<String>,
    /// When it counts as started.
    ready: Option<ReadyView>,
    /// How it is started again.
    restart: Option<RestartView>,
    /// How long it may take to stop.
    grace: String,
    /// Whether it is the host's Ray node.
    is_ray: bool,
    /// Whether it is the party's launcher.
    is_launcher: bool,
    /// Whether it is a run of a job.
    is_job: bool,
    /// Whether it needs the machine's GPUs.
    has_gpus: bool,
    /// Whether it uses the Ray node of the host.
    joins_ray: bool,
    /// Ray's folder below `/run`, which the unit of the Ray node makes and owns.
    run_name: String,
    /// What it sees of the machine's files.
    files: FilesView,
    /// Ray's folder, for programs that write into the session of the node that they join.
    run: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ReadyView {
    /// The port that must answer.
    port: Port,
    /// How long that may take.
    within: String,
}

#[derive(Serialize, JsonSchema)]
struct RestartView {
    /// How long to wait before it.
    pause: String,
    /// How many starts there may be in `window`.
    starts: u32,
    /// The time in which starts are counted.
    window: String,
}

fn files(scene: &HostScene<'_>) -> Files {
    let Deploy::Systemd { home, .. } = &scene.plan().deploy else { return Ok(Vec::new()) };
    let (topology, party) = (&scene.federation().topology, &scene.plan().party);
    let target = target_unit(topology, party);
    let (topology_text, party_text) = (topology.to_string(), party.to_string());
    let mut made = Vec::new();
    let permanent = scene.host.processes.iter().filter(|process| process.is_permanent());
    for process in permanent.chain(launched(scene)) {
        let view = UnitView {
            party: &party_text,
            topology: &topology_text,
            target: &target,
            ..of_process(scene, home, process)
        };
        made.push((unit(topology, party, &process.name), scene.fill(UNIT, &view)?));
    }
    for (job, _) in jobs(scene) {
        let view = SocketView {
            job: job.as_str(),
            party: &party_text,
            topology: &topology_text,
            target: &target,
            path: job_socket(topology, party, job),
            user: scene.host.process(&ProcessName::Launcher).and_then(account),
        };
        made.push((job_socket_unit(topology, party, job), scene.fill(SOCKET, &view)?));
    }
    // A template is started by its socket.
    let names = made.iter().map(|(name, _)| name.clone()).filter(|name| !name.contains('@'));
    let names: Vec<_> = names.collect();
    let view = TargetView { party: &party_text, topology: &topology_text, units: &names };
    made.push((target.clone(), scene.fill(TARGET, &view)?));
    Ok(made.into_iter().map(|(name, text)| File::new(format!("systemd/{name}"), text)).collect())
}

/// The jobs whose runs the host's launcher starts.
fn jobs<'a>(scene: &'a HostScene<'_>) -> impl Iterator<Item = (&'a JobName, &'a Process)> {
    let is_main = *scene.name == scene.plan().main_host;
    let has_launcher = is_main && scene.host.process(&ProcessName::Launcher).is_some();
    let jobs = scene.plan().jobs.iter().filter(move |_| has_launcher);
    jobs.filter_map(|(name, job)| Some((name, job.process.as_ref()?)))
}

fn launched<'a>(scene: &'a HostScene<'_>) -> impl Iterator<Item = &'a Process> {
    jobs(scene).map(|(_, process)| process)
}

fn account(process: &Process) -> Option<String> {
    match &process.account {
        RunsAs::Account(account) => Some(account.to_string()),
        RunsAs::Caller | RunsAs::Number(_) | RunsAs::Image => None,
    }
}

fn of_process<'a>(scene: &'a HostScene<'_>, home: &'a Home, process: &Process) -> UnitView<'a> {
    let (topology, party) = (&scene.federation().topology, &scene.plan().party);
    let locations = scene.host.locations_of(process);
    let run = locations.get(&Location::Run).cloned().unwrap_or_default();
    // What reads the party's key runs nothing that belongs to the account of the jobs.
    let launcher = scene.host.process(&ProcessName::Launcher).and_then(account);
    let path = if launcher.is_some() && launcher == account(process) {
        format!("PATH={SYSTEM_PATH}")
    } else {
        format!("PATH={home}/{VENV}/bin:{SYSTEM_PATH}")
    };
    let (environment, forced) = environment(scene, process, path);
    UnitView {
        process: match &process.name {
            ProcessName::Launcher => LAUNCHER.to_owned(),
            ProcessName::Job(job) => format!("a run of {job}"),
            name => name.to_string(),
        },
        party: "",
        topology: "",
        target: "",
        after: process.after.iter().map(|after| unit(topology, party, after)).collect(),
        user: account(process),
        folder: process.folder.and_then(|folder| locations.get(&folder)).cloned(),
        env_file: (!scene.host.variables.is_empty()).then(|| env_file_path(topology, party)),
        environment,
        exec: exec(scene, process, forced),
        ready: process
            .ready
            .map(|Readiness { port, within }| ReadyView { port, within: seconds(within) }),
        restart: process.restart.map(|restart| restart_view(restart, process.ready)),
        grace: seconds(process.grace),
        is_ray: process.is_ray(),
        is_launcher: process.kind == ProcessKind::Launcher,
        is_job: process.kind == ProcessKind::Job,
        has_gpus: process.is_ray()
            && scene.host.ray.as_ref().and_then(|ray| ray.gpus).is_some_and(|gpus| gpus > 0),
        joins_ray: process.joins_ray,
        run_name: run.rsplit('/').next().unwrap_or_default().to_owned(),
        files: files::of_process(process, home, locations, &hidden_keys(scene, process)),
        run: process.joins_ray.then_some(run),
    }
}

/// Where the party's key lies, for a process that has no use for it: its account may be let at the key for others.
fn hidden_keys(scene: &HostScene<'_>, process: &Process) -> Vec<String> {
    let Some(identity) = &scene.plan().identity else { return Vec::new() };
    let key = Location::Root.below(identity.key.as_str());
    if process.paths.iter().any(|used| used.path == key) {
        return Vec::new();
    }
    let launcher = scene.host.process(&ProcessName::Launcher);
    let launchers = launcher.into_iter().flat_map(|launcher| &launcher.secrets);
    let mut places: BTreeSet<_> = launchers.map(|secret| secret.file.to_string()).collect();
    places.insert(located(&key, &scene.host.locations));
    // With a hyphen in front, one that is not there is no error.
    places.into_iter().map(|place| format!("-{place}")).collect()
}

fn restart_view(restart: Restart, ready: Option<Readiness>) -> RestartView {
    RestartView {
        pause: seconds(restart.pause),
        starts: restart.starts,
        window: whole_seconds(restart.window(ready)),
    }
}

/// The variables that are set by `Environment=`, and those that the command itself has to set: what an env file sets
/// wins over `Environment=`.
fn environment(
    scene: &HostScene<'_>,
    process: &Process,
    path: String,
) -> (Vec<String>, Vec<String>) {
    let preset: BTreeMap<&str, &str> =
        scene.host.variables.iter().map(|one| (&*one.name, &*one.value)).collect();
    let values = process
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), located(value, scene.host.locations_of(process))));
    // Which variables the party's own files set is not known here.
    let has_files = !process.env_files.is_empty();
    let (forced, plain): (Vec<_>, Vec<_>) = values
        .filter(|(name, value)| preset.get(name) != Some(&value.as_str()))
        .partition(|(name, _)| has_files || preset.contains_key(name));
    let texts = |all: Vec<(&str, String)>| {
        all.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    };
    let (mut plain, mut forced): (Vec<_>, Vec<_>) = (texts(plain), texts(forced));
    if has_files { &mut forced } else { &mut plain }.insert(0, path);
    (plain, forced)
}

/// The command line, its program an absolute path: env(1) looks up names in the unit's `PATH`, where the virtual
/// environment comes first, and sets what would lose against the env file.
fn exec(scene: &HostScene<'_>, process: &Process, forced: Vec<String>) -> Vec<String> {
    let command = plain_exec(scene, process, forced);
    if process.kind == ProcessKind::Job { in_run(scene, process, command) } else { command }
}

/// The command of a run: sfgen takes in at its socket what is known of the run alone, and starts the rest.
fn in_run(scene: &HostScene<'_>, process: &Process, command: Vec<String>) -> Vec<String> {
    let locations = scene.host.locations_of(process);
    let at = |location| locations.get(&location).cloned().unwrap_or_default();
    let mut words = vec![at(Location::Sfgen), "__job".to_owned()];
    words.extend(["--grace".to_owned(), process.grace.to_string()]);
    let job = scene.plan().jobs.values().find(|job| job.process.as_ref() == Some(process));
    if let Some(Program::Script { path, .. }) = job.map(|job| &job.program) {
        words.extend(["--script".to_owned(), located(&Location::Root.below(path), locations)]);
        // Ray's workers import what lies beside the script. They see this folder as the job does, and no other account.
        let copies = if process.joins_ray { at(Location::Logs) } else { "/tmp".to_owned() };
        words.extend(["--copies".to_owned(), copies]);
    }
    words.push("--".to_owned());
    words.extend(command);
    words
}

fn plain_exec(scene: &HostScene<'_>, process: &Process, forced: Vec<String>) -> Vec<String> {
    let locations = scene.host.locations_of(process);
    let mut command: Vec<_> = process.command.iter().map(|word| located(word, locations)).collect();
    let Some(program) = command.first_mut() else { return command };
    if !program.starts_with('/') && program.contains('/') {
        *program = located(&Location::Root.below(program), locations);
    }
    // systemd has rules of its own for the name of a program: no `$$`, no quotes, no backslashes.
    if program.starts_with('/') && program.chars().all(is_plain) && forced.is_empty() {
        return command;
    }
    [vec!["/usr/bin/env".to_owned()], forced, command].concat()
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./@+-".contains(c)
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    #[test]
    fn ray_and_a_worker_become_hardened_units_of_one_target() {
        let tree = samples::production().render().unwrap();
        let text = |name: &str| {
            let path = format!("alice/alice-1/systemd/sfgen-credit-risk-alice{name}");
            String::from_utf8(tree.get(&path).unwrap().bytes.to_vec()).unwrap()
        };
        insta::assert_snapshot!(
            [text(".target"), text("-ray.service"), text("-worker.service")].join("\n")
        );
    }

    #[test]
    fn a_variable_that_the_env_file_sets_too_is_won_by_the_service() {
        let tree = samples::production().with_env("APP_ENV", "50% $a \"b\"").render().unwrap();
        let path = "alice/alice-1/systemd/sfgen-credit-risk-alice-worker.service";
        let text = String::from_utf8(tree.get(path).unwrap().bytes.to_vec()).unwrap();
        let exec = r#"ExecStart="/usr/bin/env" "APP_ENV=50%% $$a \"b\"" "python" "#;
        assert!(text.contains(exec), "{text}");
        assert!(!text.contains("Environment=\"APP_ENV"), "{text}");
    }

    #[test]
    fn only_what_opens_the_key_sees_it() {
        let tree = samples::production().render().unwrap();
        let text = |name: &str| {
            let path = format!("alice/alice-1/systemd/sfgen-credit-risk-alice-{name}.service");
            String::from_utf8(tree.get(&path).unwrap().bytes.to_vec()).unwrap()
        };
        let key = "/etc/sfgen/alice/node.key";
        let hidden = format!("InaccessiblePaths=\"-{key}\"\n");
        let credential = format!("LoadCredential=identity:{key}\n");
        let found = |name| (text(name).contains(&hidden), text(name).contains(&credential));
        assert_eq!(found("redis"), (true, false));
        // The runtime's own TLS opens the file in each of them.
        assert_eq!(["ray", "worker", "job-psi@"].map(found), [(false, false); 3]);
        assert_eq!(found("launcher"), (false, true));
        assert!(text("launcher").contains("User=secretflow-launcher\n"));
        assert!(text("job-psi@").contains("User=secretflow\n"));
    }

    #[test]
    fn a_home_below_a_hidden_folder_is_bound_back_in() {
        let tree = samples::production().with_home("/home/sf").render().unwrap();
        let path = "alice/alice-1/systemd/sfgen-credit-risk-alice-ray.service";
        let text = String::from_utf8(tree.get(path).unwrap().bytes.to_vec()).unwrap();
        assert!(text.contains("ProtectHome=tmpfs\nBindPaths=/home/sf\n"), "{text}");
    }
}
