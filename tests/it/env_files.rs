//! The env files of task workers, as their four readers read them.

use std::{collections::BTreeMap, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    compile::Compilation,
    fs,
    launch::{
        launcher::specs::Specs,
        machine::side::Side,
        machine::state::{Deployment, Folders},
    },
    plan::{HostPlan, PartyPlan},
    render::FILE_MODE,
    types::{RayPort, Role},
};

use crate::{
    support::{
        engine,
        machine::{DUMP, Machine},
        workspace::Workspace,
    },
    topologies,
};

type Variables = BTreeMap<String, String>;

/// What the env file must say, written down once more: the names that task workers read, and the two for which Ray has
/// no flags.
fn planned(party: &str, host: &HostPlan) -> Variables {
    let ray = host.ray.as_ref().unwrap();
    let first = |role: &Role| host.ports[role].first().to_string();
    let mut variables: Variables = [
        ("NODE_ID", party.to_owned()),
        ("NODE_IP", host.address.bare()),
        ("APP_ENV", "production".to_owned()),
        ("RAY_NODE_TYPE", "head".to_owned()),
        ("RAY_HEAD_ADDRESS", format!("{}:{}", host.address, first(&Role::Ray(RayPort::Gcs)))),
        ("RAY_PORT", first(&Role::Ray(RayPort::Gcs))),
        ("RAY_NUM_CPUS", ray.cpus.to_string()),
        ("RAY_OBJECT_STORE_MEMORY", ray.object_store.bytes().to_string()),
        ("AUTOSCALER_METRIC_PORT", first(&Role::Ray(RayPort::AutoscalerMetrics))),
        ("DASHBOARD_METRIC_PORT", first(&Role::Ray(RayPort::DashboardMetrics))),
        ("REDIS_HOST", "127.0.0.1".to_owned()),
        ("REDIS_PORT", first(&Role::Service("redis".to_owned()))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (role, name) in [(Role::Sf, "SF"), (Role::Spu, "SPU"), (Role::Heu, "HEU")] {
        let &[range] = host.ports[&role].ranges() else { panic!("{role} is in several places") };
        variables.insert(format!("{name}_PORT_RANGE_START"), range.first().to_string());
        variables.insert(format!("{name}_PORT_RANGE_END"), range.last().to_string());
    }
    variables
}

/// The workers' topology planned, and every env file of its tree in a folder, with what the plan says of it.
fn env_files() -> (tempfile::TempDir, Vec<(Utf8PathBuf, Variables)>) {
    let done: Compilation = topologies::compile("celery-worker.kdl", &[]);
    let output = done.output.expect("there are no errors");
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    let in_tree = output.tree.iter().filter(|(path, _)| path.extension() == Some("env"));
    let files = in_tree.map(|(path, artifact)| {
        let [party, host, _] = *path.as_str().split('/').collect::<Vec<_>>() else {
            panic!("{path}")
        };
        let plan = output.tree.get(&format!("{party}/plan.json")).expect("each party has a plan");
        let plan: PartyPlan = serde_json::from_slice(&plan.bytes).unwrap();
        let file = root.join(path.file_name().unwrap());
        fs::write_atomically(&file, &artifact.bytes, FILE_MODE).unwrap();
        (file, planned(party, &plan.hosts[&host.parse().unwrap()]))
    });
    let files: Vec<_> = files.collect();
    assert_eq!(files.len(), 2, "each of the two nodes has one");
    (folder, files)
}

/// `NAME=value` texts as a map, without what the reader's own surroundings set.
fn map<'a>(texts: impl IntoIterator<Item = &'a str>, own: &[&str]) -> Variables {
    let pairs = texts.into_iter().map(|text| text.split_once('=').unwrap());
    let pairs = pairs.filter(|(name, _)| !own.contains(name));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(output.status.success() && output.stderr.is_empty(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_shell_reads_them_as_planned() {
    let (_folder, files) = env_files();
    for (file, planned) in files {
        let mut command = Command::new("bash");
        let script = "set -aeu; . \"$0\"; exec env --null";
        let read = stdout(command.env_clear().args(["-c", script]).arg(&file));
        let own = ["PWD", "SHLVL", "_", "OLDPWD"];
        assert_eq!(map(read.split_terminator('\0'), &own), planned, "{file}");
    }
}

#[test]
#[ignore = "needs python-dotenv; .ci/run installs it"]
fn python_dotenv_reads_them_as_planned() {
    let (_folder, files) = env_files();
    for (file, planned) in files {
        let mut command = Command::new("dotenv");
        let read = stdout(command.arg("--file").arg(&file).args(["list", "--format", "json"]));
        assert_eq!(serde_json::from_str::<Variables>(&read).unwrap(), planned, "{file}");
    }
}

#[test]
#[ignore = "needs Docker's client; .ci/run installs it"]
fn docker_reads_them_as_planned() {
    let (_folder, files) = env_files();
    for (file, planned) in files {
        let read = engine::variables_of_a_container(&file);
        assert_eq!(map(read.iter().map(String::as_str), &[]), planned, "{file}");
    }
}

#[test]
#[ignore = "needs root and systemd-nspawn; .ci/run installs it"]
fn systemd_reads_them_as_planned() {
    let (folder, files) = env_files();
    let mut machine = Machine::new();
    fs::write_atomically(
        &Utf8Path::from_path(folder.path()).unwrap().join("dump"),
        DUMP.as_bytes(),
        0o755,
    )
    .unwrap();
    machine.bind(folder.path(), "/etc/sfgen");
    for (file, _) in &files {
        let name = file.file_stem().unwrap();
        let unit = format!(
            "[Service]\nType=oneshot\nEnvironmentFile=/etc/sfgen/{name}.env\nExecStart=/etc/sfgen/dump {name}\n"
        );
        machine.add_unit(&format!("{name}.service"), unit.as_bytes());
    }
    machine.run();
    for (file, planned) in files {
        let (_, read) = machine.given(file.file_stem().unwrap());
        let own = ["PATH", "LANG", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "PWD"];
        assert_eq!(map(read.iter().map(String::as_str), &own), planned, "{file}");
    }
}

/// What the launcher would give to each program of alice, by service.
fn given_by_the_launcher(ws: &Workspace) -> BTreeMap<String, Variables> {
    let tree = Utf8PathBuf::from_path_buf(ws.join("generated")).unwrap();
    let party = "alice".parse().unwrap();
    let side = Side::read(&tree, None, &party, None).unwrap();
    let folder = |name: &str| Utf8PathBuf::from_path_buf(ws.join(name)).unwrap();
    let folders = Folders { state: Some(folder("state")), run: folder("run") };
    let deployment = Deployment::take(&folders, side.owner()).unwrap();
    let specs = Specs { side: &side, deployment: &deployment, venv: None };
    specs.services().into_iter().map(|spec| (spec.name, spec.env)).collect()
}

#[test]
fn the_launcher_gives_them_to_services_that_may_say_otherwise() {
    let ws = Workspace::example("secretflow_loopback");
    ws.edit("topology.kdl", |text| {
        let service = "service \"worker\" { command \"worker\"; env APP_ENV=\"mine\" LOG=\"x\"; }";
        text.replacen("party \"alice\" {\n", &format!("party \"alice\" {{\n    {service}\n"), 1)
    });
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    let file = ws.read("generated/alice/alice-1/alice.env");
    let file = map(file.lines().filter(|line| !line.starts_with('#')), &[]);
    assert!(file.len() > 10 && file["APP_ENV"] == "production");
    let given = given_by_the_launcher(&ws);
    for (name, value) in &file {
        assert_eq!(given["ray"][name], *value);
        let own = if name == "APP_ENV" { "mine" } else { value };
        assert_eq!(given["worker"][name], own);
    }
    assert_eq!(given["worker"]["LOG"], "x");
}
