//! `sfgen apply` and what takes it back with a real Docker engine, on a bridge with fixed addresses.

use crate::support::{
    docker::{Docker, IMAGE},
    workspace::{Ran, Workspace},
};

const WORKER: &str = r#"    service "worker" image="IMAGE" after="web" {
        command "sh" "-c" "echo at work; exec sleep 1000"
        env GREETING="hello"
    }
"#;

const TOPOLOGY: &str = r#"
topology "containers" mode="production"
runtime "embedded"
network "apart" subnet="10.77.8.0/24"
party "alice" {
    host "alice-1" address="10.77.8.10"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice/node.key"
    deploy "docker" network="apart"
    service "web" image="IMAGE" {
        command "httpd" "-f" "-p" "{port.web}" "-h" "/etc"
        port "web"
        ready tcp="web" within="20s"
    }
WORKER}
party "bob" {
    host "bob-1" address="10.77.8.20"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob/node.key"
    deploy "docker" network="apart"
    service "idle" image="IMAGE" { command "sleep" "1000"; }
}
"#;

/// The topology, planned.
pub(crate) fn planned() -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("topology.kdl", &TOPOLOGY.replace("WORKER", WORKER).replace("IMAGE", IMAGE));
    workspace.with_keys(&["alice", "bob"]).planned()
}

/// Parties whose sides are installed with the engine.
struct Installed {
    docker: Docker,
    workspace: Workspace,
}

impl Installed {
    fn new() -> Option<Self> {
        Some(Self { docker: Docker::start()?, workspace: planned() })
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.workspace.command(args);
        self.docker.let_find(&mut command);
        // What is recorded is this test's alone.
        command.env("SFGEN_STATE", self.workspace.join("state"));
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        Ran::new(args, &output, self.workspace.path())
    }

    fn apply(&self, more: &[&str]) -> Ran {
        self.run(&[&["apply", "--party", "alice"], more].concat())
    }

    fn plan_with(&self, old: &str, new: &str) {
        self.workspace.edit("topology.kdl", |text| text.replace(old, new));
        self.workspace.run(&["plan"]).success();
    }

    /// Names of the engine's own networks are always there.
    fn leftovers(&self) -> Vec<String> {
        let mut all = self.docker.containers();
        all.extend(self.docker.lines(&["volume", "ls", "--quiet"]));
        let own = ["bridge", "host", "none"];
        let networks = self.docker.lines(&["network", "ls", "--format", "{{.Name}}"]);
        all.extend(networks.into_iter().filter(|name| !own.contains(&name.as_str())));
        all
    }
}

/// The containers that are in the second list and not in the first.
fn new<'a>(before: &[String], after: &'a [String]) -> Vec<&'a str> {
    let new = after.iter().filter(|container| !before.contains(container));
    new.filter_map(|container| container.split(' ').next()).collect()
}

#[test]
#[ignore = "needs root and a Docker engine; .ci/run installs it"]
fn containers_are_made_once_made_again_where_they_change_and_taken_back() {
    let Some(party) = Installed::new() else { return };

    let told = party.apply(&["--dry-run"]);
    assert!(told.stdout.contains("apart") && told.stdout.contains("worker"), "{}", told.stdout);
    assert!(party.leftovers().is_empty(), "{:?}", party.leftovers());

    party.apply(&["--yes"]).success();
    let states =
        party.docker.lines(&["ps", "--format", "{{.Names}} {{.State}} {{.Status}}"]).join("\n");
    assert!(
        states.contains("sfgen-containers-alice-web-1 running") && states.contains("(healthy)")
    );
    assert!(states.contains("sfgen-containers-alice-worker-1 running"), "{states}");
    let first = party.docker.containers();

    party.apply(&["--yes"]).success();
    assert_eq!(party.docker.containers(), first, "a second time makes nothing again");

    party.plan_with("GREETING=\"hello\"", "GREETING=\"good evening\"");
    let told = party.apply(&["--yes"]).success();
    let second = party.docker.containers();
    assert_eq!(new(&first, &second), ["sfgen-containers-alice-worker-1"], "{}", told.stderr);

    party.plan_with("echo at work; exec sleep 1000", "echo no work today; exit 3");
    let told = party.apply(&["--yes"]).status_is(5);
    assert!(told.stderr.contains("sfgen-containers-alice-worker-1"), "{}", told.stderr);
    assert!(told.stderr.contains("no work today"), "{}", told.stderr);
    assert!(!told.stderr.contains("alice-web-1 has failed"), "{}", told.stderr);

    let worker = WORKER.replace("IMAGE", IMAGE).replace("hello", "good evening");
    let worker = worker.replace("echo at work; exec sleep 1000", "echo no work today; exit 3");
    party.plan_with(&worker, "");
    let told = party.apply(&["--yes"]).success();
    assert!(told.stdout.contains("- remove sfgen-containers-alice-worker-1"), "{}", told.stdout);
    let left = party.docker.containers();
    assert!(left.iter().all(|container| first.contains(container)) && left.len() == 1, "{left:?}");

    party.run(&["stop", "--party", "alice"]).success();
    assert!(party.docker.containers().is_empty());
    party.run(&["apply", "--party", "bob", "--yes"]).success();
    party.run(&["uninstall", "--party", "alice", "--yes"]).success();
    let left = party.leftovers();
    assert!(left.len() == 2 && left[1] == "apart", "bob uses the network: {left:?}");
    party.run(&["uninstall", "--party", "bob", "--yes"]).success();
    assert!(party.leftovers().is_empty(), "{:?}", party.leftovers());
}
