//! Launchers as units of a real systemd: they meet, run jobs as another account, come back, and keep their keys.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

use crate::support::{machine::Machine, workspace::Workspace};

const PARTIES: &str = r#"
party "alice" {
    host "alice-1" address="127.0.0.1"
    identity ca="pki/alice/ca.pem" cert="pki/alice/node.pem" key="keys/alice/node.key"
    deploy "systemd" user="sfgen-it-a" home="/opt/sfgen-it-a"
    MORE
}
party "bob" {
    host "bob-1" address="127.0.0.1"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob/node.key"
    deploy "systemd" user="sfgen-it-b" home="/opt/sfgen-it-b"
}
"#;

const SUMS: &str = r#"
topology "sums" mode="production"
runtime "embedded"
PORTS
job "total" kind="sum" { parties "alice" "bob"; input "alice" 11; input "bob" 31; }
"#;

const SCRIPTS: &str = r#"
topology "scripts" mode="production"
runtime "secretflow" version="1.13.0b0" engine="threads"
tls "off" because="nothing is computed"
PORTS
job "look" script="jobs/look.sh" {
    parties "alice" "bob"
    args "a b" "$x"
    mount "/data/sfgen-it" as="/data/seen"
}
job "wait" script="jobs/wait.sh" { parties "alice" "bob"; }
"#;

const SERVICE: &str = r#"
    service "idle" { command "/bin/sleep" "infinity"; }
"#;

/// What a job sees: its account, folder, arguments, variables, data, and what it gets of keys.
const LOOK: &str = r#"
echo "I am $(id -un) in $PWD with $*"
echo "$SFGEN_PARTY $SFGEN_JOB root $SFGEN_ROOT tree $SFGEN_TREE logs $SFGEN_LOGS path $PYTHONPATH"
echo "slots $SFGEN_SLOTS run ${SFGEN_RUN:+named} data $(ls /data/seen)"
test -r "$SFGEN_TREE/sf_party.py" && test -r "$SFGEN_TREE/$SFGEN_PARTY/plan.json" && echo "the tree is there"
touch "$SFGEN_LOGS/seen" && echo "logs can be written"
case $0 in "$SFGEN_ROOT"*) echo "not a copy: $0" ;; *) echo "a copy of its own" ;; esac
for key in $(find / -xdev -name node.key 2>/dev/null) /run/credentials/*/identity \
    "/var/lib/sfgen/sfgen-scripts-$SFGEN_PARTY/identity.key"; do
    cat "$key" >/dev/null 2>&1 && echo "key read: $key"
done
ls "/var/lib/$(id -un)-launcher/sfgen-scripts-$SFGEN_PARTY" >/dev/null 2>&1 && echo "the launcher's folder is open"
for process in /proc/[0-9]*; do
    cat "$process/environ" 2>/dev/null | tr '\0' '\n' | grep CREDENTIALS_DIRECTORY
done
echo seen
"#;

/// A Python that makes environments of itself, and runs a job's script with sh.
const PYTHON: &str = r#"#!/bin/sh
case "$*" in
    "-m venv "*)
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && printf '#!/bin/sh\n' >"$3/bin/pip"
        chmod 0755 "$3/bin/pip"
        mkdir -p "$3/lib/python3.10/site-packages/secretflow-1.13.0b0.dist-info"
        echo "version = 3.10.13" >"$3/pyvenv.cfg"
        ;;
    *) exec sh "$@" ;;
esac
"#;

fn executable(ws: &Workspace, path: &str, text: &str) {
    ws.write(path, text);
    std::fs::set_permissions(ws.join(path), Permissions::from_mode(0o755)).unwrap();
}

fn planned(topology: &str, more: &str) -> Workspace {
    let ws = Workspace::empty();
    let text = topology.replace("PORTS", &ws.ports.node());
    ws.write("topology.kdl", &format!("{text}{}", PARTIES.replace("MORE", more)));
    ws.write("jobs/look.sh", LOOK);
    ws.write("jobs/wait.sh", "echo begun\nsleep 4711\n");
    executable(&ws, "bin/python3.10", PYTHON);
    executable(&ws, "bin/steps", include_str!("fakes/launch.sh"));
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    std::fs::set_permissions(ws.path(), Permissions::from_mode(0o755)).unwrap();
    ws
}

/// What a step said, which ended with that status.
#[track_caller]
fn said(machine: &Machine, step: &str, status: u8) -> String {
    let said = machine.out(step);
    let end = format!("status {status}\n");
    said.strip_suffix(&end).unwrap_or_else(|| panic!("{step}: not {status}: {said}")).to_owned()
}

#[test]
#[ignore = "needs root, systemd-nspawn and setfacl; .ci/run installs them"]
fn installed_launchers_run_jobs_as_another_account_and_keep_the_key_from_them() {
    let (sums, scripts) = (planned(SUMS, ""), planned(SCRIPTS, SERVICE));
    let mut machine = Machine::new().with_own_units();
    machine.bind(sums.path(), "/srv/sums");
    machine.bind(scripts.path(), "/srv/scripts");
    machine.bind(env!("CARGO_BIN_EXE_sfgen").as_ref(), "/usr/local/bin/sfgen");
    machine.add_unit(
        "steps.service",
        b"[Service]\nType=oneshot\nEnvironment=HOME=/root PATH=/srv/scripts/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
          ExecStart=/srv/scripts/bin/steps\n",
    );
    machine.run();

    // From nothing to a result.
    for party in ["alice", "bob"] {
        said(&machine, &format!("sums-apply-{party}"), 0);
        let run = said(&machine, &format!("first-{party}"), 0);
        assert!(run.contains("\nsum 42\n"), "{run}");
        let again = said(&machine, &format!("second-{party}"), 0);
        assert!(again.contains("\nsum 42\n"), "{again}");
    }
    assert!(said(&machine, "sums-again", 0).ends_with("all is installed and up\n"));
    let told = said(&machine, "told", 0);
    for line in ["Type=notify", "ActiveState=active", "User=sfgen-it-a-launcher"] {
        assert!(told.lines().any(|known| known == line), "{told}");
    }
    assert!(told.contains("StatusText=armed") || told.contains("StatusText=running"), "{told}");
    let status = said(&machine, "status", 0);
    for line in [
        "alice of sums on alice-1: installed",
        "  unit    sfgen-sums-alice-launcher.service active",
        "bob of sums on bob-1: installed",
    ] {
        assert!(status.lines().any(|known| known == line), "{line}: {status}");
    }
    assert!(status.contains("  peer    bob armed at 127.0.0.1:"), "{status}");
    let status = said(&machine, "status-json", 0);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status[0]["units"]["sfgen-sums-alice-launcher.service"], "active");
    assert_eq!(status[1]["launcher"]["peers"]["alice"]["phase"], "armed");
    let stopped = said(&machine, "stopped", 0);
    assert!(stopped.contains("sfgen-sums-alice-launcher.service inactive\n"), "{stopped}");

    // It comes back, is found, and is missed.
    let pids = machine.out("pids");
    let (before, after) = pids.trim().split_once(' ').unwrap();
    assert!(before != after && after != "0", "{pids}");
    assert!(said(&machine, "stranger", 4).contains("SF0781"));
    assert!(said(&machine, "down", 4).contains("SF0780"));

    // A job sees what is planned, as another account, and no key.
    for (party, account) in [("alice", "sfgen-it-a"), ("bob", "sfgen-it-b")] {
        said(&machine, &format!("scripts-apply-{party}"), 0);
        let look = said(&machine, &format!("look-{party}"), 0);
        let home = format!("/opt/{account}");
        for line in [
            format!("I am {account} in {home} with a b $x"),
            format!(
                "{party} look root {home} tree {home}/generated logs {home}/logs path {home}/generated"
            ),
            "slots {\"alice\":0,\"bob\":0} run named data number".to_owned(),
            "the tree is there".to_owned(),
            "logs can be written".to_owned(),
            "a copy of its own".to_owned(),
            "seen".to_owned(),
        ] {
            assert!(look.lines().any(|known| known == line), "{line}: {look}");
        }
        for word in ["key read", "is open", "CREDENTIALS_DIRECTORY", "not a copy"] {
            assert!(!look.contains(word), "{word}: {look}");
        }
        said(&machine, &format!("killed-{party}"), 5);
    }
    assert!(said(&machine, "key-of-launcher", 0).contains("PRIVATE KEY"));
    said(&machine, "key-for-job", 1);
    let within: u32 = machine.out("ended-within").trim().parse().unwrap();
    assert!(within < 3000, "what a killed launcher started lived for {within} ms");

    // And back to nothing.
    for step in ["sums-uninstall-alice", "sums-uninstall-bob", "scripts-uninstall-alice"] {
        said(&machine, step, 0);
    }
    said(&machine, "scripts-uninstall-bob", 0);
    assert_eq!(machine.out("after-sums"), machine.out("before"));
    assert_eq!(machine.out("after"), machine.out("before"));
}
