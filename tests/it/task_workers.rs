//! `examples/task_workers`: Redis, Celery, its scheduler and its monitor on two nodes, planned for each target and read
//! back as each target reads it.

use std::{collections::BTreeMap, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use sfgen::{
    compile::Compilation,
    diag::render_text,
    fs,
    plan::{PartyPlan, Process, located},
    render::FILE_MODE,
    types::{RayPort, Role},
};

use crate::{
    examples,
    federation::{Beside, compile_with},
};

const PROCESS: &str = "deploy \"process\"";
const SYSTEMD: &str = "deploy \"systemd\" user=\"secretflow\" home=\"HOME\"";
const DOCKER: &str = "deploy \"docker\" network=\"host\"";

/// The example with another target; only Docker takes images.
fn planned(deploy: &str) -> Compilation {
    let mut files = examples::files("task_workers");
    for party in ["parties/node1.kdl", "parties/node2.kdl"] {
        let text = String::from_utf8(files.0[Utf8Path::new(party)].clone()).unwrap();
        assert!(text.contains(DOCKER), "{text}");
        let mut text = text.replace(DOCKER, deploy);
        if deploy != DOCKER {
            text = text.replace(" image=\"redis:7-alpine\"", "");
        }
        files.0.insert(party.into(), text.into_bytes());
    }
    let done = compile_with(files, Beside::default());
    assert!(done.findings.is_empty(), "{}", render_text(&done.findings, &done.sources, 100, false));
    done
}

fn file(done: &Compilation, path: &str) -> String {
    let file = done.output.as_ref().and_then(|output| output.tree.get(path));
    String::from_utf8(file.unwrap_or_else(|| panic!("there is no {path}")).bytes.to_vec()).unwrap()
}

fn plan(done: &Compilation) -> PartyPlan {
    serde_json::from_str(&file(done, "node1/plan.json")).unwrap()
}

fn processes(plan: &PartyPlan) -> BTreeMap<String, &Process> {
    let all = plan.main().processes.iter();
    all.map(|process| (process.name.to_string(), process)).collect()
}

fn words(plan: &PartyPlan, process: &Process) -> Vec<String> {
    let locations = &plan.main().locations;
    process.command.iter().map(|word| located(word, locations)).collect()
}

/// The tree on disk, with an env file of the machine at a place that a test may write.
struct Disk {
    _folder: tempfile::TempDir,
    root: Utf8PathBuf,
    env_file: Utf8PathBuf,
}

impl Disk {
    fn with(done: &Compilation) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let env_file = root.join("worker.env");
        fs::write_atomically(&env_file, b"REDIS_PASSWORD='a b#c'\n", FILE_MODE).unwrap();
        for (path, artifact) in &done.output.as_ref().unwrap().tree {
            let path = root.join("generated").join(path);
            fs::create_folder(path.parent().unwrap(), 0o755).unwrap();
            let text = String::from_utf8(artifact.bytes.to_vec()).unwrap();
            let text = text.replace("/etc/sfgen/worker.env", env_file.as_str());
            let text = text.replace("/usr/local/bin/sfgen", env!("CARGO_BIN_EXE_sfgen"));
            fs::write_atomically(&path, text.as_bytes(), FILE_MODE).unwrap();
        }
        Self { _folder: folder, root, env_file }
    }
}

/// Runs a reader, which must succeed and say nothing on stderr; returns stdout.
fn accepted(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_target_runs_the_same_services_in_the_same_order_with_the_same_ports() {
    for deploy in [PROCESS, &SYSTEMD.replace("HOME", "/opt/secretflow"), DOCKER] {
        let done = planned(deploy);
        let plan = plan(&done);
        let host = plan.main();
        let all = processes(&plan);
        let port = |role: &str| host.port(&Role::Service(role.to_owned())).unwrap();
        for name in ["ray", "redis", "worker", "beat", "flower"] {
            assert!(all.contains_key(name), "{deploy}: {:?}", all.keys());
        }
        let after = |name: &str| {
            all[name].after.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            [after("worker"), after("beat"), after("flower")],
            ["redis ray", "redis", "redis"]
        );
        assert_eq!(all["redis"].ready.unwrap().port, port("redis"));
        assert_eq!(all["flower"].ready.unwrap().port, port("flower"));
        let redis = words(&plan, all["redis"]);
        assert!(redis.contains(&port("redis").to_string()), "{deploy}: {redis:?}");
        let flower = words(&plan, all["flower"]);
        assert_eq!(flower.last().unwrap(), &format!("--port={}", port("flower")));
        // Ten runs at once, each with its own ports, and a worker of Ray for all that they start.
        assert_eq!(host.ports[&Role::Sf].count(), 10);
        assert_eq!(host.ports[&Role::Spu].count(), 10);
        assert_eq!(host.ports[&Role::Ray(RayPort::Workers)].count(), 2 * 8 + 8 * 10 + 8);
        let env = file(&done, "node1/node1/node1.env");
        assert!(env.contains(&format!("REDIS_PORT={}\n", port("redis"))), "{env}");
        let packages = file(&done, "node1/packages.txt");
        for package in ["celery==", "redis==", "flower=="] {
            assert!(packages.contains(package), "{packages}");
        }
        let runbook = file(&done, "node1/RUNBOOK.md");
        for path in ["/etc/sfgen/redis.conf", "/etc/sfgen/worker.env", "/srv/tasks/out"] {
            assert!(runbook.contains(path), "{deploy}: {path}");
        }
    }
}

#[test]
fn nothing_of_a_node_s_own_choices_is_in_what_the_nodes_share() {
    let shared = file(&planned(DOCKER), "federation.json");
    for own in ["redis", "celery", "/srv", "/etc", "flower"] {
        assert!(!shared.contains(own), "{own}");
    }
}

#[test]
fn the_tasks_use_the_paths_variables_and_slots_that_are_planned() {
    let files = examples::files("task_workers");
    let text = |path: &str| String::from_utf8(files.0[Utf8Path::new(path)].clone()).unwrap();
    let (tasks, job) = (text("tasks.py"), text("jobs/psi.py"));
    let done = planned(DOCKER);
    let plan = plan(&done);
    let env = file(&done, "node1/node1/node1.env");
    for name in ["REDIS_HOST", "REDIS_PORT"] {
        assert!(tasks.contains(name) && env.contains(&format!("{name}=")), "{name}");
    }
    let reach = |path: &str| {
        processes(&plan)["worker"]
            .paths
            .iter()
            .any(|used| located(&used.path, &plan.main().locations) == path)
    };
    for path in ["/srv/tasks/in", "/srv/tasks/out"] {
        assert!(tasks.contains(&format!("\"{path}\"")) && reach(path), "{path}");
    }
    let jobs: Vec<String> = plan.jobs.keys().map(ToString::to_string).collect();
    assert_eq!(jobs, ["task"]);
    assert!(job.contains("sf_party.init(job=\"task\", slot=args.slot, run=args.run)"), "{job}");
    assert!(job.contains("spu(\"spu\")") && plan.spus.keys().any(|spu| spu.as_str() == "spu"));
}

#[test]
fn units_read_the_secret_and_keep_the_queue() {
    let done = planned(&SYSTEMD.replace("HOME", "/opt/secretflow"));
    let unit =
        |name: &str| file(&done, &format!("node1/node1/systemd/sfgen-tasks-node1-{name}.service"));
    let redis = unit("redis");
    for line in [
        "LoadCredential=redis:/etc/sfgen/redis.conf",
        "ReadWritePaths=/var/lib/tasks/redis",
        "\"/run/credentials/sfgen-tasks-node1-redis.service/redis\"",
    ] {
        assert!(redis.contains(line), "{line}\n{redis}");
    }
    let worker = unit("worker");
    for line in ["EnvironmentFile=/etc/sfgen/worker.env", "ReadWritePaths=/srv/tasks/out"] {
        assert!(worker.contains(line), "{line}\n{worker}");
    }
    assert!(!worker.contains("/var/lib/tasks/redis"), "{worker}");
    assert!(unit("beat").contains("ReadWritePaths=/var/lib/tasks/beat"));
}

#[test]
#[ignore = "needs systemd-analyze, nft, docker compose and hadolint; .ci/run installs them"]
fn systemd_takes_every_unit_of_the_task_workers() {
    let home = tempfile::tempdir().unwrap();
    let venv = Utf8Path::from_path(home.path()).unwrap().join("venv/bin");
    fs::create_folder(&venv, 0o755).unwrap();
    fs::write_atomically(&venv.join("ray"), b"#!/bin/sh\n", 0o755).unwrap();
    let done = planned(&SYSTEMD.replace("HOME", home.path().to_str().unwrap()));
    let disk = Disk::with(&done);
    let folder = disk.root.join("generated/node1/node1/systemd");
    let units: Vec<Utf8PathBuf> =
        folder.read_dir_utf8().unwrap().map(|entry| entry.unwrap().into_path()).collect();
    assert!(units.len() >= 6, "{units:?}");
    accepted(Command::new("systemd-analyze").args(["verify", "--man=no"]).args(units));
}

#[test]
#[ignore = "needs docker compose; .ci/run installs it"]
fn compose_reads_the_task_workers_as_they_were_planned() {
    let done = planned(DOCKER);
    let disk = Disk::with(&done);
    let compose = disk.root.join("generated/node1/node1/docker/compose.yaml");
    let read = accepted(
        Command::new("docker-compose").arg("-f").arg(&compose).args(["config", "--format", "json"]),
    );
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(read["secrets"]["redis.redis"]["file"], "/etc/sfgen/redis.conf");
    let plan = plan(&done);
    for (name, process) in processes(&plan).iter().filter(|(_, process)| process.is_kept_up()) {
        let Some(container) = read["services"].get(name) else { continue };
        let command: Vec<String> = serde_json::from_value(container["command"].clone()).unwrap();
        assert_eq!(command, words(&plan, process), "{name}");
    }
    let services = ["redis", "worker", "beat", "flower"];
    assert!(services.iter().all(|name| read["services"].get(name).is_some()), "{read}");
    let worker = &read["services"]["worker"];
    assert_eq!(worker["environment"]["REDIS_PASSWORD"], "a b#c", "{}", disk.env_file);
    assert_eq!(worker["depends_on"]["redis"]["condition"], "service_healthy");
    let volumes = |name: &str| {
        let volumes = read["services"][name]["volumes"].as_array().unwrap().iter();
        volumes
            .map(|volume| (volume["source"].to_string(), volume["read_only"] == true))
            .collect::<BTreeMap<_, _>>()
    };
    assert!(volumes("worker")["\"/srv/tasks/in\""]);
    assert!(!volumes("worker")["\"/srv/tasks/out\""]);
    assert!(!volumes("redis")["\"/var/lib/tasks/redis\""]);
    assert!(!volumes("worker").contains_key("\"/var/lib/tasks/redis\""));
}
