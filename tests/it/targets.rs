//! One party, planned for each target: each of its processes is the same under all of them, and each target's own reader
//! reads what was planned.

use std::{collections::BTreeMap, process::Command, time::Duration};

use camino::Utf8PathBuf;
use serde_json::Value;
use sfgen::{
    launch::{
        launcher::specs::Specs,
        machine::{
            side::Side,
            state::{Deployment, Folders},
        },
        processes::ServiceSpec,
    },
    plan::{Access, HostPlan, Location, PartyPlan, Process, ProcessKind, RunsAs, located, unit},
};

use crate::{
    samples::Sample,
    support::{machine::Machine, workspace::Workspace},
};

/// Every property that a process can have; `DEPLOY` and `POOL` are filled in.
const TOPOLOGY: &str = r#"
topology "targets" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray"
POOL
party "alice" {
    host "alice-1" address="127.0.0.1" { ray cpus=3 object-store="256MiB"; }
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice/node.key"
    DEPLOY
    service "cache" grace="7s" {
        command "cache-server" "--port" "{port.cache}" "--name" "a b"
        port "cache"
        ready tcp="cache" within="20m"
    }
    service "worker" after="cache ray" grace="95s" {
        command "python" "src/worker.py" "$x" "%n"
        env WORKER_CONCURRENCY="2" APP_ENV="own" TEXT="a \"b\" $c %d"
    }
    service "web" after="worker" { command "bin/web" "--address" "{host.address}"; }
}
party "bob" {
    host "bob-1" address="127.0.0.1" { ray cpus=3 object-store="256MiB"; }
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob/node.key"
}
spu "spu" protocol="SEMI2K" field="FM128" { parties "alice" "bob"; }
job "psi" script="jobs/psi.py" { parties "alice" "bob"; args "--key" "id"; }
"#;

const PROCESS: &str = "deploy \"process\"";
const SYSTEMD: &str = "deploy \"systemd\" user=\"sf\" home=\"/opt/sf\"";
const DOCKER: &str = "deploy \"docker\"";

fn topology(deploy: &str, pool: &str) -> String {
    TOPOLOGY.replace("DEPLOY", deploy).replace("POOL", pool)
}

fn sample(deploy: &str) -> Sample {
    Sample::of(&topology(deploy, ""))
}

fn alice(sample: &Sample) -> &PartyPlan {
    &sample.parties[&"alice".parse().unwrap()]
}

/// The processes of a plan by name, those of jobs too.
fn processes(plan: &PartyPlan) -> BTreeMap<String, Process> {
    let jobs = plan.jobs.values().filter_map(|job| job.process.as_ref());
    let all = plan.main().processes.iter().chain(jobs);
    all.map(|process| (process.name.to_string(), process.clone())).collect()
}

fn words(process: &Process, host: &HostPlan) -> Vec<String> {
    process.command.iter().map(|word| located(word, &host.locations)).collect()
}

fn environment(process: &Process, host: &HostPlan) -> BTreeMap<String, String> {
    let all = process.environment(&host.variables).into_iter();
    all.map(|(name, value)| (name, located(&value, &host.locations))).collect()
}

#[test]
fn each_property_of_each_process_is_the_same_under_all_targets() {
    let [process, systemd, docker] = [PROCESS, SYSTEMD, DOCKER].map(sample);
    let planned = processes(alice(&process));
    let names: Vec<&str> = planned.keys().map(String::as_str).collect();
    assert_eq!(names, ["cache", "job:psi", "ray", "sfgen_launcher", "web", "worker"]);
    let account = |name: &str| RunsAs::Account(name.parse().unwrap());
    for (other, account, launchers) in [
        (&systemd, account("sf"), account("sf-launcher")),
        (&docker, RunsAs::Number(10001), RunsAs::Number(10001)),
    ] {
        for (name, other) in processes(alice(other)) {
            let is_launcher = name == "sfgen_launcher";
            let as_whom = if is_launcher { &launchers } else { &account };
            assert_eq!(other.account, *as_whom, "{name}");
            // As whom something runs, and how the launcher comes to read the key, is all that a target decides.
            let secrets = if is_launcher { Vec::new() } else { other.secrets };
            let as_process = Process { account: RunsAs::Caller, secrets, ..other };
            assert_eq!(as_process, planned[&name], "{name}");
        }
    }
    let worker = &planned["worker"];
    assert!(worker.joins_ray && planned["job:psi"].joins_ray && !planned["cache"].joins_ray);
    assert_eq!(planned["cache"].ready.unwrap().within.to_string(), "20m");
    assert_eq!(planned["job:psi"].kind, ProcessKind::Job);
}

/// Alice's side of a planned workspace, and what the launcher would start there.
fn started() -> (Side, Vec<ServiceSpec>) {
    let ws = Workspace::empty();
    ws.write("topology.kdl", &topology(PROCESS, &ws.ports.node()));
    ws.write("jobs/psi.py", "");
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    let folder = |name: &str| Utf8PathBuf::from_path_buf(ws.join(name)).unwrap();
    let side = Side::read(&folder("generated"), None, &"alice".parse().unwrap(), None).unwrap();
    let folders = Folders { state: Some(folder("state")), run: folder("run") };
    let deployment = Deployment::take(&folders, side.owner()).unwrap();
    let specs = Specs { side: &side, deployment: &deployment, venv: None };
    let services = specs.services();
    (side, services)
}

#[test]
fn the_launcher_starts_each_process_as_planned() {
    let (side, services) = started();
    let planned = processes(&side.plan);
    let names: Vec<&str> = services.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(names, ["ray", "cache", "worker", "web"]);
    for spec in services {
        let process = &planned[&spec.name];
        assert_eq!(spec.program[1..].len(), process.command[1..].len(), "{}", spec.name);
        for (name, value) in process.environment(&side.host().variables) {
            let is_literal = value.variables().next().is_none();
            let read = &spec.env[&name];
            assert!(!is_literal || *read == located(&value, &BTreeMap::new()), "{name}: {read}");
        }
        assert_eq!(spec.cwd, side.root);
        assert_eq!(spec.after, process.after.iter().map(ToString::to_string).collect::<Vec<_>>());
        let probe = process.ready.map(|ready| (ready.port.get(), ready.within.get()));
        assert_eq!(spec.probe.map(|address| (address.port(), spec.ready_within)), probe);
        assert_eq!(spec.grace, process.grace.get());
        let restart = process.restart.unwrap();
        assert_eq!(
            (spec.restart.max_starts, spec.restart.first_pause, spec.restart.longest_pause),
            (restart.starts, restart.pause.get(), restart.longest_pause.get())
        );
    }
}

/// What `systemctl show` prints of a time, such as `1min 30s`, read back.
fn time(text: &str) -> Duration {
    let units = [("min", 60_000), ("ms", 1), ("h", 3_600_000), ("s", 1000)];
    let parts = text.split(' ').map(|part| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = part.split_at(digits);
        let factor =
            units.iter().find(|(name, _)| *name == unit).unwrap_or_else(|| panic!("{text}")).1;
        number.parse::<u64>().unwrap() * factor
    });
    Duration::from_millis(parts.sum())
}

#[test]
#[ignore = "needs root and systemd-nspawn; .ci/run installs it"]
fn systemd_reads_each_unit_as_planned() {
    let sample = sample(SYSTEMD);
    let (plan, tree) = (alice(&sample), sample.render().unwrap());
    let host = plan.main();
    let mut machine = Machine::new();
    let mut kept_up = Vec::new();
    for process in host.processes.iter().filter(|process| process.is_permanent()) {
        let unit = unit(&"targets".parse().unwrap(), &plan.party, &process.name);
        let file = tree.get(&format!("alice/alice-1/systemd/{unit}")).unwrap();
        machine.add_shown(&unit, &file.bytes);
        kept_up.push((unit, process));
    }
    machine.run();
    let shown = machine.shown();
    for (unit, process) in kept_up {
        let read = |key: &str| shown[&unit].get(key).map_or("", String::as_str);
        let locations = host.locations_of(process);
        let is_launcher = process.kind == ProcessKind::Launcher;
        assert_eq!(read("User"), if is_launcher { "sf-launcher" } else { "sf" });
        assert_eq!(read("Type"), if is_launcher { "notify" } else { "exec" });
        assert_eq!(read("WorkingDirectory"), locations[&Location::Root]);
        assert_eq!(time(read("TimeoutStopUSec")), process.grace.get(), "{unit}");
        let restart = process.restart.unwrap();
        assert_eq!((read("Restart"), time(read("RestartUSec"))), ("always", restart.pause.get()));
        assert_eq!(read("StartLimitBurst"), restart.starts.to_string());
        if let Some(ready) = process.ready {
            assert_eq!(time(read("TimeoutStartUSec")), ready.within.get(), "{unit}");
            let probe = format!("127.0.0.1/{} ", ready.port);
            assert!(is_launcher || read("ExecStartPost").contains(&probe));
        }
        for after in &process.after {
            assert!(read("After").contains(&format!("sfgen-targets-alice-{after}.service")));
        }
        assert!(read("EnvironmentFiles").starts_with("/etc/sfgen/targets/alice.env"));
        for word in words(process, host).iter().filter(|word| !word.contains([' ', '"', '/'])) {
            assert!(read("ExecStart").contains(word.as_str()), "{unit}: {word}");
        }
        for (name, value) in &process.env {
            let assignment = format!("{name}={}", located(value, locations));
            let is_plain = !assignment.contains([' ', '"', '$', '%']);
            let said = format!("{} {}", read("Environment"), read("ExecStart"));
            assert!(!is_plain || said.contains(&assignment), "{unit}: {assignment}");
        }
        for path in process.paths(Access::Write).filter(|path| **path != Location::Run.word()) {
            let path = located(path, locations);
            let mut writable = read("ReadWritePaths").split(' ');
            assert!(writable.any(|folder| path.starts_with(folder)), "{unit}: {path}");
        }
    }
}

#[test]
#[ignore = "needs docker compose; .ci/run installs it"]
fn compose_reads_each_container_as_planned() {
    let sample = sample(DOCKER);
    let folder = tempfile::tempdir().unwrap();
    for (path, artifact) in &sample.render().unwrap() {
        let path = folder.path().join("generated").join(path.as_std_path());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &artifact.bytes).unwrap();
    }
    let file = folder.path().join("generated/alice/alice-1/docker/compose.yaml");
    let output = Command::new("docker-compose")
        .arg("-f")
        .arg(&file)
        .args(["config", "--format", "json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let host = alice(&sample).main();
    for process in host.processes.iter().filter(|process| process.is_kept_up()) {
        let name = process.name.to_string();
        let container = &read["services"][&name];
        // Compose writes `$$` for `$`, in what it prints too.
        let text = |value: &Value| value.as_str().unwrap_or_default().replace("$$", "$");
        let command: Vec<String> =
            container["command"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(command, words(process, host));
        for (variable, value) in environment(process, host) {
            assert_eq!(text(&container["environment"][&variable]), value, "{name}: {variable}");
        }
        assert_eq!(container["user"], "10001");
        assert_eq!(container["working_dir"], "/srv/sfgen");
        assert_eq!(container["restart"], "unless-stopped");
        assert_eq!(time(&spaced(&text(&container["stop_grace_period"]))), process.grace.get());
        if let Some(ready) = process.ready {
            let health = &container["healthcheck"];
            assert_eq!(time(&spaced(&text(&health["start_period"]))), ready.within.get());
            assert_eq!(
                text(health["test"].as_array().unwrap().last().unwrap()),
                ready.port.to_string()
            );
        }
        for after in &process.after {
            assert!(container["depends_on"][after.to_string()].is_object(), "{name}");
        }
        assert_eq!(container["pid"] == "service:ray", process.joins_ray, "{name}");
        let volumes: Vec<String> = container["volumes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|volume| text(&volume["target"]))
            .collect();
        let run = &host.locations[&Location::Run];
        let writes_run = process.paths(Access::Write).any(|path| *path == Location::Run.word());
        assert_eq!(volumes.contains(run), writes_run, "{name}");
    }
}

/// Compose joins the parts of a time, `1m35s`, and calls a minute `m`.
fn spaced(text: &str) -> String {
    let mut spaced = String::new();
    let mut last_was_unit = false;
    for c in text.chars() {
        if c.is_ascii_digit() && last_was_unit {
            spaced.push(' ');
        }
        last_was_unit = !c.is_ascii_digit();
        spaced.push(c);
    }
    let parts = spaced.split(' ').filter(|part| !part.starts_with('0'));
    parts
        .map(|part| part.strip_suffix('m').map_or(part.to_owned(), |n| format!("{n}min")))
        .collect::<Vec<_>>()
        .join(" ")
}
