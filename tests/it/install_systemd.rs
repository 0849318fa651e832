//! `sfgen apply` with a real systemd: from nothing to healthy, and back to nothing.

use std::{collections::BTreeSet, fs::Permissions, os::unix::fs::PermissionsExt as _};

use crate::support::{machine::Machine, workspace::Workspace};

const TOPOLOGY: &str = r#"
topology "install" mode="production"
runtime "secretflow" version="1.13.0b0" engine="threads"
tls "off" because="nothing is computed"
PORTS
party "alice" {
    host "alice-1" address="127.0.0.1"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice/node.key"
    deploy "systemd" user="sfgen-it" home="/opt/sfgen-it"
    mount "/data/psi"
    secret "token" file="/etc/sfgen/token"
    service "cache" {
        command "/usr/bin/python3" "-m" "http.server" "{port.cache}" "--bind" "127.0.0.1"
        port "cache"
        ready tcp="cache" within="30s"
    }
    service "worker" after="cache" {
        command "/bin/sleep" "infinity"
        env LEVEL="1"
    }
}
party "bob" {
    host "bob-1" address="127.0.0.1"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob/node.key"
    secret "token" file="/etc/sfgen/token"
}
job "task" script="task.py" { parties "alice" "bob"; args "{secret.token}"; }
"#;

/// A Python that makes environments whose pip only notes what it is asked for.
const PYTHON: &str = "#!/bin/sh\n\
    mkdir -p \"$3/bin\" \"$3/lib/python3.10/site-packages\" && ln -s /bin/true \"$3/bin/python\"\n\
    echo version = 3.10.13 >\"$3/pyvenv.cfg\"\n\
    printf '#!/bin/sh\\necho \"$@\" >>\"%s/packages\"\\n' \"$3\" >\"$3/bin/pip\"\n\
    chmod 0755 \"$3/bin/pip\"\n";

/// What a step said, and its exit status.
struct Said(String);

impl Said {
    #[track_caller]
    fn ended(&self, status: u8) -> &str {
        let end = format!("status {status}\n");
        self.0.strip_suffix(&end).unwrap_or_else(|| panic!("not {status}: {}", self.0))
    }

    /// The value of a property in the block of a unit.
    #[track_caller]
    fn of(&self, unit: &str, property: &str) -> &str {
        let id = format!("Id=sfgen-install-alice-{unit}.service");
        let block = self.0.split("\n\n").find(|block| block.lines().any(|line| line == id));
        let block = block.unwrap_or_else(|| panic!("{unit}: {}", self.0));
        let start = format!("{property}=");
        block.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
    }
}

fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

fn installed() -> (Machine, Workspace) {
    let ws = Workspace::empty();
    ws.write("topology.kdl", &TOPOLOGY.replace("PORTS", &ws.ports.node()));
    ws.write("task.py", "");
    ws.write("bin/python3.10", PYTHON);
    ws.write("bin/steps", include_str!("fakes/install.sh"));
    for program in ["bin/python3.10", "bin/steps"] {
        std::fs::set_permissions(ws.join(program), Permissions::from_mode(0o755)).unwrap();
    }
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    std::fs::set_permissions(ws.path(), Permissions::from_mode(0o755)).unwrap();
    let mut machine = Machine::new().with_own_units();
    machine.bind(ws.path(), "/srv/topology");
    machine.bind(env!("CARGO_BIN_EXE_sfgen").as_ref(), "/usr/local/bin/sfgen");
    machine.add_unit(
        "steps.service",
        b"[Service]\nType=oneshot\nEnvironment=HOME=/root PATH=/srv/topology/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
          ExecStart=/srv/topology/bin/steps\n",
    );
    machine.run();
    (machine, ws)
}

#[test]
#[ignore = "needs root, systemd-nspawn and getfacl; .ci/run installs them"]
fn a_party_is_installed_changed_and_removed_without_a_trace() {
    let (machine, _ws) = installed();
    let said = |step: &str| Said(machine.out(step));
    let pid = |step: &str, unit: &str| said(step).of(unit, "MainPID").to_owned();

    // What would be done is shown, and nothing is done that nobody said is wanted.
    let dry_run = said("dry-run");
    let dry_run = dry_run.ended(0);
    assert!(dry_run.contains("+ create the account sfgen-it"), "{dry_run}");
    assert!(dry_run.contains("+ start sfgen-install-alice-worker.service"), "{dry_run}");
    assert!(said("unasked").ended(2).contains("SF0777"));
    assert_eq!(machine.out("before"), machine.out("untouched"));

    // From nothing to healthy.
    said("first").ended(0);
    for unit in ["cache", "worker"] {
        assert_eq!(said("first-units").of(unit, "ActiveState"), "active");
    }
    assert!(said("installed").ended(0).contains("requirements.txt"));
    assert_eq!(said("rights").ended(0), "secret");

    // Nothing is done twice.
    let second = said("second");
    assert!(second.ended(0).ends_with("all is installed and up\n"), "{}", second.0);
    assert_eq!(said("first-units").0, said("second-units").0);

    // A changed variable restarts the one service that has it, and the launcher, which holds the plan.
    said("plan").ended(0);
    let changed = said("changed");
    assert!(changed.ended(0).contains("LEVEL=2"), "{}", changed.0);
    assert_eq!(changed.0.matches("~ restart").count(), 2, "{}", changed.0);
    assert!(changed.0.contains("~ restart sfgen-install-alice-launcher.service"), "{}", changed.0);
    assert_eq!(pid("first-units", "cache"), pid("changed-units", "cache"));
    assert_ne!(pid("first-units", "worker"), pid("changed-units", "worker"));
    assert!(said("changed-units").of("worker", "Environment").contains("LEVEL=2"));

    // What somebody edited is named, and lost only where that is asked for.
    for step in ["drift", "drift-uninstall"] {
        let drift = said(step);
        let words = "`/etc/systemd/system/sfgen-install-alice-worker.service` was edited";
        assert!(drift.ended(3).contains("SF0775") && drift.0.contains(words), "{}", drift.0);
    }
    said("forced").ended(0);
    assert_eq!(pid("changed-units", "cache"), pid("forced-units", "cache"));

    said("stop").ended(0);
    for unit in ["cache", "worker"] {
        assert_eq!(said("stopped-units").of(unit, "ActiveState"), "inactive");
    }
    said("again").ended(0);

    // What does not become healthy is named with what it said last.
    let sick = said("sick");
    assert!(sick.ended(5).contains("SF0779"), "{}", sick.0);
    assert!(sick.0.contains("sfgen-install-alice-worker.service has failed"), "{}", sick.0);
    assert!(sick.0.contains("the worker has no tasks"), "{}", sick.0);

    // What is planned no more goes.
    said("without").ended(0);
    let without = said("without-units");
    assert!(without.ended(0).contains("LoadState=not-found"), "{}", without.0);

    // And back to nothing.
    said("uninstall").ended(0);
    assert!(said("nothing").ended(0).contains("nothing is installed here for alice"));
    assert!(!said("no-rights").ended(0).contains("sfgen-it"));
    let (before, after) = (machine.out("before"), machine.out("after"));
    let (before, after) = (lines(&before), lines(&after));
    assert!(before.len() > 1000, "the comparison sees the machine");
    assert_eq!(after.symmetric_difference(&before).collect::<Vec<_>>(), [&""; 0]);
}
