//! Simulations on the real SecretFlow: on one machine, and on a Ray cluster of two nodes.

use std::{fs, path::Path, process::Command};

use camino::Utf8PathBuf;
use nix::sys::signal::Signal;
use sfgen::launch::{
    machine::python::{Search, environment},
    processes::GuardProgram,
};

use crate::support::{launcher::Launcher, process::SFGEN, workspace::Workspace};

/// A topology of `tests/topologies/` with its script.
fn topology(name: &str, script: &str) -> Workspace {
    let ws = Workspace::empty();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/topologies");
    for (from, to) in [(name, "topology.kdl"), (script, script)] {
        ws.write(to, &fs::read_to_string(folder.join(from)).unwrap());
    }
    // Another patch release than the one of the reference machine does as well.
    ws.edit("topology.kdl", |text| {
        text.replace("3.10.13", "3.10").replacen(
            "\nruntime ",
            &format!("\n{}\nruntime ", ws.ports.node()),
            1,
        )
    });
    ws.planned()
}

/// Makes the virtual environment that the launchers of a workspace will look for.
fn make_environment(ws: &Workspace) {
    let state = Utf8PathBuf::from_path_buf(ws.state()).unwrap();
    let requirements = ws.read("generated/alice/requirements.txt");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let python = Search::from_process().find("3.10").await.unwrap();
        environment(
            &GuardProgram::at(SFGEN),
            &state,
            &python,
            requirements.as_bytes(),
            &mut |_| (),
        )
        .await
        .unwrap();
    });
}

/// A network namespace with these addresses, gone at the end of the test.
struct Namespace(String);

impl Namespace {
    fn with(addresses: &[&str]) -> Self {
        let namespace = Self(format!("sfgen-it-{}", std::process::id()));
        let name = namespace.0.as_str();
        ip(&["netns", "add", name]);
        ip(&["-n", name, "link", "set", "lo", "up"]);
        for address in addresses {
            ip(&["-n", name, "address", "add", &format!("{address}/32"), "dev", "lo"]);
        }
        namespace
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&["netns", "delete", &self.0]);
    }
}

fn ip(args: &[&str]) {
    let status = Command::new("ip").args(args).status().unwrap();
    assert!(status.success(), "ip {args:?}: {status}");
}

#[test]
#[ignore = "needs Python 3.10 and SecretFlow; .ci/run installs them"]
fn on_one_machine_a_job_is_one_command() {
    let ws = topology("simulation-standalone.kdl", "secure_sum3.py");
    let ran = ws.run(&["run", "secure-sum", "--party", "alice"]).success();
    assert_eq!(ran.stdout.lines().last(), Some("sum [111. 222.]"), "{}", ran.stderr);
}

#[test]
#[ignore = "needs root, ip, Python 3.10 and SecretFlow; .ci/run installs them"]
fn on_a_cluster_a_job_waits_for_the_nodes_of_all_parties() {
    let namespace = Namespace::with(&["10.77.0.1", "10.77.0.2"]);
    let mut ws = topology("simulation-cluster.kdl", "secure_sum.py");
    // The namespace reaches no package index.
    make_environment(&ws);
    ws.namespace = Some(namespace.0.clone());
    let mut head = Launcher::start(&ws, &["apply", "--party", "alice"]);
    head.wait_for("service ray ready");
    let mut run = Launcher::start(&ws, &["run", "secure-sum", "--party", "alice"]);
    run.wait_for("waiting for the Ray node of bob");
    let mut node = Launcher::start(&ws, &["apply", "--party", "bob"]);
    node.wait_for("service ray ready");
    let (status, stdout, said) = run.end();
    assert_eq!((status, stdout.lines().last()), (0, Some("sum [11. 22.]")), "{said}");
    for up in [node, head] {
        up.signal(Signal::SIGTERM);
        assert_eq!(up.end().0, 130);
    }
}
