//! `<party>/<host>/systemd/`: a target, and a unit for the Ray node and for each service.

use std::collections::BTreeMap;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::{
    plan::{
        Deploy, Effect, Location, Process, Readiness, Restart, RunsAs, VENV, env_file_path,
        located, target_unit, unit,
    },
    render::{
        artifact::{File, Files, Kind, OfHost},
        scene::HostScene,
        source::{Readers, Source},
        spell::{seconds, whole_seconds},
    },
    types::{Home, Port},
};

use super::files::{self, FilesView};

pub(super) const UNITS: Kind<OfHost> =
    Kind { templates: &[TARGET, UNIT], effect: Effect::Install, files };

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

/// One unit.
#[derive(Serialize, JsonSchema)]
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
    for process in scene.host.processes.iter().filter(|process| process.is_kept_up()) {
        let view = UnitView {
            party: &party_text,
            topology: &topology_text,
            target: &target,
            ..of_process(scene, home, process)
        };
        made.push((unit(topology, party, &process.name), scene.fill(UNIT, &view)?));
    }
    let names: Vec<_> = made.iter().map(|(name, _)| name.clone()).collect();
    let view = TargetView { party: &party_text, topology: &topology_text, units: &names };
    made.push((target.clone(), scene.fill(TARGET, &view)?));
    Ok(made.into_iter().map(|(name, text)| File::new(format!("systemd/{name}"), text)).collect())
}

fn of_process<'a>(scene: &'a HostScene<'_>, home: &'a Home, process: &Process) -> UnitView<'a> {
    let (topology, party) = (&scene.federation().topology, &scene.plan().party);
    let locations = &scene.host.locations;
    let run = locations.get(&Location::Run).cloned().unwrap_or_default();
    let path = format!("PATH={home}/{VENV}/bin:{SYSTEM_PATH}");
    let (environment, forced) = environment(scene, process, path);
    UnitView {
        process: process.name.to_string(),
        party: "",
        topology: "",
        target: "",
        after: process.after.iter().map(|after| unit(topology, party, after)).collect(),
        user: match &process.account {
            RunsAs::Account(account) => Some(account.to_string()),
            RunsAs::Caller | RunsAs::Number(_) | RunsAs::Image => None,
        },
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
        has_gpus: process.is_ray()
            && scene.host.ray.as_ref().and_then(|ray| ray.gpus).is_some_and(|gpus| gpus > 0),
        joins_ray: process.joins_ray,
        run_name: run.rsplit('/').next().unwrap_or_default().to_owned(),
        files: files::of_process(process, home, locations),
        run: process.joins_ray.then_some(run),
    }
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
        .map(|(name, value)| (name.as_str(), located(value, &scene.host.locations)));
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
    let locations = &scene.host.locations;
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
    fn a_home_below_a_hidden_folder_is_bound_back_in() {
        let tree = samples::production().with_home("/home/sf").render().unwrap();
        let path = "alice/alice-1/systemd/sfgen-credit-risk-alice-ray.service";
        let text = String::from_utf8(tree.get(path).unwrap().bytes.to_vec()).unwrap();
        assert!(text.contains("ProtectHome=tmpfs\nBindPaths=/home/sf\n"), "{text}");
    }
}
