//! Data, secrets and variables as programs get them: from a real launcher and from a real systemd.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::launch::processes::read_env_file;

use crate::{
    federation::compile_text,
    support::{
        launcher::{Launcher, assert_nothing_left},
        machine::{DUMP, Machine, texts},
        mended::shown,
        workspace::Workspace,
    },
};

/// A secret in each form that a file of variables has, and lines that set nothing.
const ENV_FILE: &str = r#"# REDIS_PASSWORD=old
REDIS_PASSWORD='hush $x #1 \n'
  SPACED = a b	 
DOUBLE="say \"hi\" \$x \x"
JOINED='one' "two"
LONG=a\
b
COMMENT=x # no comment
EMPTY=
SFGEN_PARTY=mallory
; DB=1
no assignment
export EXPORTED=x
1ST=x
LAST=c:\\d"#;

fn write(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_launcher_gives_a_service_secrets_and_variables_that_are_nowhere_in_the_tree_or_the_logs() {
    let ws = Workspace::example("two_parties");
    write(&ws.join("own/worker.env"), ENV_FILE, 0o600);
    write(&ws.join("own/db"), "geheim", 0o600);
    fs::set_permissions(ws.join("own"), fs::Permissions::from_mode(0o700)).unwrap();
    let own = ws.join("own").display().to_string();
    ws.write("dump", "cat \"$1\" >\"$2\"/secret; env -0 >\"$2\"/env\n");
    fs::create_dir(ws.join("out")).unwrap();
    let out = ws.join("out").display().to_string();
    ws.edit("topology.kdl", |topology| {
        let service = format!(
            "    secret \"db\" file=\"{own}/db\"\n    mount \"{out}\" access=\"write\"\n    service \"dump\" {{ \
             command \"sh\" \"dump\" \"{{secret.db}}\" \"{out}\"; env MINE=\"1\"; env-file \"{own}/worker.env\"; }}\n"
        );
        let key = "keys/alice/node.key\"\n";
        topology.replacen(key, &format!("{key}{service}"), 1)
    });
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("lines 12, 13, 14 of the env file");
    alice.wait_for("service dump backing off (ended with status 0)");
    ws.run(&["stop"]).success();
    let (status, stdout, said) = alice.end();
    assert_eq!(status, 0, "{said}");
    assert_nothing_left(&ws);
    assert_eq!(ws.read("out/secret"), "geheim");
    let env = texts(&Utf8PathBuf::from_path_buf(ws.join("out/env")).unwrap());
    for given in ["REDIS_PASSWORD=hush $x #1 \\n", "MINE=1", "SFGEN_PARTY=alice", "LAST=c:\\d"] {
        assert!(env.contains(&given.to_owned()), "{given}: {env:?}");
    }
    for (text, place) in [(said, "stderr"), (stdout, "stdout")] {
        assert!(!text.contains("hush") && !text.contains("geheim"), "{place}: {text}");
    }
    for folder in ["generated", "state"] {
        for (path, bytes) in ws.files(folder) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("hush") && !text.contains("geheim"), "{folder}/{path}");
        }
    }
}

#[test]
fn a_launcher_without_the_data_the_secret_and_the_variables_says_so_before_it_starts_anything() {
    let ws = Workspace::example("two_parties");
    ws.edit("topology.kdl", |topology| {
        let service = "    service \"s\" { command \"sh\" \"-c\" \"touch started\" \"{secret.db}\"; \
            mount \"/nonexistent/data\"; secret \"db\" file=\"/nonexistent/db\"; env-file \"/nonexistent/env\"; }\n";
        let key = "keys/alice/node.key\"\n";
        topology.replacen(key, &format!("{key}{service}"), 1)
    });
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    let ran = ws.run(&["apply", "--party", "alice"]).status_is(4);
    for code in ["SF0850", "SF0851"] {
        assert!(ran.stderr.contains(code), "{code}: {}", ran.stderr);
    }
    assert!(ran.stderr.contains("`s` is to read `/nonexistent/data`"), "{}", ran.stderr);
    assert!(!ws.join("started").exists());
}

#[test]
#[ignore = "needs root and systemd-nspawn; .ci/run installs it"]
fn the_launcher_reads_a_file_of_variables_as_systemd_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap();
    write(path.join("worker.env").as_std_path(), ENV_FILE, 0o600);
    write(path.join("dump").as_std_path(), DUMP, 0o755);
    let mut machine = Machine::new();
    machine.bind(folder.path(), "/etc/sfgen");
    let unit = "[Service]\nType=oneshot\nEnvironmentFile=/etc/sfgen/worker.env\nExecStart=/etc/sfgen/dump env\n";
    machine.add_unit("env.service", unit.as_bytes());
    machine.run();
    let (_, read) = machine.given("env");
    let read: BTreeMap<_, _> = read.iter().filter_map(|pair| pair.split_once('=')).collect();
    let ours = read_env_file(&path.join("worker.env")).unwrap();
    assert_eq!(ours.variables.len(), 9, "every line that assigns is read");
    for (name, value) in &ours.variables {
        assert_eq!(read.get(name.as_str()), Some(&value.as_str()), "{name}");
    }
    let others: Vec<_> = ["EXPORTED", "DB", "1ST", "no"]
        .into_iter()
        .filter(|name| read.contains_key(name))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

/// What a unit of the topology below does: each line leaves a file in the folder that it may write.
const PROBE: &str = r#"out=$1
cat "$2" >"$out/secret"
cat /srv/in/rows >"$out/read"
cat /home/ops/rows >"$out/hidden"
cat /data/rows >"$out/renamed"
ls /home/other >"$out/other" 2>&1
echo x 2>/dev/null >/srv/in/new || echo refused >"$out/read-only"
echo x 2>/dev/null >/home/ops/new || echo refused >"$out/hidden-read-only"
echo x >/tmp/psi/new
printf '%s' "$REDIS_PASSWORD $SFGEN_PARTY" >"$out/env"
"#;

const UNITS: &str = r#"
topology "tasks" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray" { python "3.10"; }
party "bank" {
    host "bank-1" address="127.0.0.1"
    deploy "systemd" user="daemon" home="/opt/tasks"
    mount "/srv/in"
    mount "/home/ops"
    mount "/srv/elsewhere" as="/data"
    mount "/tmp/psi" access="write"
    secret "db" file="/etc/sfgen/db"
    service "probe" {
        command "/bin/sh" "/opt/tasks/probe" "/srv/out" "{secret.db}"
        mount "/srv/out" access="write"
        env-file "/etc/sfgen/worker.env"
    }
}
"#;

#[test]
#[ignore = "needs root and systemd-nspawn; .ci/run installs it"]
fn a_unit_reaches_its_data_and_secrets_and_nothing_else_of_what_is_hidden() {
    let done = compile_text(UNITS);
    let output = done.output.as_ref().unwrap_or_else(|| panic!("{}", shown(&done)));
    let unit = "sfgen-tasks-bank-probe.service";
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&at("home/probe"), PROBE, 0o644);
    write(&at("etc/db"), "geheim", 0o600);
    write(&at("etc/worker.env"), "REDIS_PASSWORD='hush'\nSFGEN_PARTY=mallory\n", 0o600);
    let env = output.tree.get("bank/bank-1/bank.env").unwrap();
    write(&at("etc/tasks/bank.env"), std::str::from_utf8(&env.bytes).unwrap(), 0o644);
    for name in ["in", "ops", "elsewhere"] {
        write(&at(&format!("{name}/rows")), name, 0o644);
    }
    for name in ["other", "psi", "out"] {
        fs::create_dir(at(name)).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut machine = Machine::new();
    let file = output.tree.get(&format!("bank/bank-1/systemd/{unit}")).unwrap();
    machine.add_unit(unit, &file.bytes);
    for (here, there) in [
        ("home", "/opt/tasks"),
        ("etc", "/etc/sfgen"),
        ("in", "/srv/in"),
        ("ops", "/home/ops"),
        ("other", "/home/other"),
        ("elsewhere", "/srv/elsewhere"),
        ("psi", "/tmp/psi"),
        ("out", "/srv/out"),
    ] {
        machine.bind(&at(here), there);
    }
    machine.run();
    let left = |name: &str| fs::read_to_string(at(name)).unwrap_or_default();
    for (name, text) in [
        ("out/secret", "geheim"),
        ("out/read", "in"),
        ("out/hidden", "ops"),
        ("out/renamed", "elsewhere"),
        ("out/read-only", "refused\n"),
        ("out/hidden-read-only", "refused\n"),
        ("out/env", "hush bank"),
        ("psi/new", "x\n"),
    ] {
        assert_eq!(left(name), text, "{name}");
    }
    assert!(left("out/other").contains("No such file"), "{}", left("out/other"));
    assert!(!at("in/new").exists() && !at("ops/new").exists());
}
