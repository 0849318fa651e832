//! Two nodes with task workers, on the real Redis, Ray, Celery and SecretFlow.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    process::processes_of,
    workspace::Workspace,
};

const NODES: [&str; 2] = ["node1", "node2"];

/// `tests/topologies/celery-worker.kdl` on this machine, with the packages of its workers.
fn nodes() -> Workspace {
    let ws = Workspace::empty();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let text = fs::read_to_string(folder.join("topologies/celery-worker.kdl")).unwrap();
    let text = text
        .replace("pool 20000 31999", &format!("pool {} {}", ws.ports.first, ws.ports.last))
        .replace(
            "deploy \"docker\" network=\"host\"",
            "deploy \"process\"\n    packages \"celery==5.4.0\" \"kombu==5.4.2\" \"redis==5.0.8\"",
        )
        .replace(" image=\"redis:7-alpine\"", "")
        .replace("192.168.1.10", "127.0.0.1")
        .replace("192.168.1.11", "127.0.0.1")
        .replace("/etc/sfgen/", "keys/")
        .replace("slots=10", "slots=2")
        .replace("ray object-store=\"2GB\"", "ray cpus=2 object-store=\"200MB\"");
    ws.write("topology.kdl", &text);
    for file in ["worker.py", "task.py", "send.py"] {
        let text = fs::read_to_string(folder.join("it/jobs").join(file)).unwrap();
        ws.write(&format!("src/{file}"), &text);
    }
    ws.with_keys(&NODES).planned()
}

/// The Python of the environment in which a node's worker runs.
fn python_of_worker(ws: &Workspace) -> String {
    let is_worker = |command: &str| {
        command.ends_with("/bin/python src/worker.py") && !command.contains("__guard")
    };
    let all = processes_of(ws);
    let worker = all.iter().find(|(_, command)| is_worker(command));
    let (_, command) = worker.unwrap_or_else(|| panic!("{all:?}"));
    command.split(' ').next().unwrap().to_owned()
}

/// A variable of a node's env file.
fn variable(ws: &Workspace, node: &str, name: &str) -> String {
    let file = ws.read(&format!("generated/{node}/{node}/{node}.env"));
    let value = file.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("{name}:\n{file}")).to_owned()
}

#[test]
#[ignore = "needs redis-server, Python 3.10 and SecretFlow with Celery; .ci/run installs them"]
fn a_task_through_redis_runs_secretflow_on_both_nodes() {
    let ws = nodes();
    let mut launchers = NODES.map(|party| Launcher::start(&ws, &["apply", "--party", party]));
    for launcher in &mut launchers {
        launcher.wait_for("service worker ready");
        launcher.wait_for(": armed");
    }
    let redis = NODES.map(|node| variable(&ws, node, "REDIS_PORT"));
    // Not the first slot: its ports are the ones that a worker would come to by itself.
    let mut web = Command::new(python_of_worker(&ws));
    web.current_dir(ws.path())
        .args(["src/send.py", "a-run", "1", "generated/nodes.json"])
        .args(&redis);
    let (status, answers, said) = Launcher::of(web).end();
    assert_eq!((status, answers.as_str()), (0, "sum [11. 22.]\nsum [11. 22.]\n"), "{said}");
    let stopped = Instant::now();
    ws.run(&["stop"]).success();
    assert!(stopped.elapsed() < Duration::from_secs(20), "{:?}", stopped.elapsed());
    for launcher in launchers {
        let (status, _, said) = launcher.end();
        assert_eq!(status, 0, "{said}");
        let line = |words: &str| said.find(words).unwrap_or_else(|| panic!("{words}: {said}"));
        for needed in ["redis", "ray"] {
            assert!(line(&format!("service {needed} ready")) < line("service worker starting"));
        }
    }
    assert!(processes_of(&ws).is_empty(), "{:?}", processes_of(&ws));
    assert_nothing_left(&ws);
}
