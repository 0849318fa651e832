//! Programs get the texts of the user, and other programs read them in the files.

use std::{collections::BTreeMap, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::Value;
use sfgen::{fs, render::FILE_MODE, types::check_text};

use super::{KEY, NASTY, hostile, numbered, owned, topology, variables_in_kdl, words_in_kdl};
use crate::{
    federation::compile_text,
    support::{
        launcher::{Launcher, assert_nothing_left},
        machine::{DUMP, Machine, OUT, texts},
        workspace::Workspace,
    },
};

#[test]
fn the_launcher_gives_a_service_its_texts() {
    let given = many();
    let ws = Workspace::example("two_parties");
    ws.write("dump", &DUMP.replace(OUT, ws.path().to_str().unwrap()));
    let (words, env) = (words_in_kdl(&given), variables_in_kdl(&given));
    ws.edit("topology.kdl", |topology| {
        let service = format!(
            "    service \"dump\" {{ command \"sh\" \"dump\" \"dump\"{words}; env{env}; }}\n"
        );
        topology.replacen(
            "keys/alice/node.key\"\n",
            &format!("keys/alice/node.key\"\n{service}"),
            1,
        )
    });
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("service dump backing off (ended with status 0)");
    ws.run(&["stop"]).success();
    assert_eq!(alice.end().0, 0);
    assert_nothing_left(&ws);
    let read = |name: &str| texts(&Utf8PathBuf::from_path_buf(ws.join(name)).unwrap());
    assert_eq!(read("dump.args"), given);
    let env = read("dump.env");
    for (name, text) in numbered(&given) {
        assert!(env.contains(&format!("{name}={text}")), "{name} {text:?}");
    }
}

/// The nasty texts, a long one and many more, the same in each run.
fn many() -> Vec<String> {
    let mut texts = owned(NASTY);
    texts.push("y".repeat(10 << 10));
    let mut runner = TestRunner::deterministic();
    let more = (0..500).map(|_| hostile().new_tree(&mut runner).unwrap().current());
    texts.extend(more.filter(|text| check_text(text).is_ok()));
    texts
}

/// Their tree in a folder.
fn tree() -> (tempfile::TempDir, Utf8PathBuf, Vec<String>) {
    let mut texts = many();
    texts.push("in front of \"the\" $HOME %n file's \\ own\n".to_owned());
    let done = compile_text(&topology(&texts));
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap().to_owned();
    for (path, artifact) in &done.output.unwrap_or_else(|| panic!("it compiles")).tree {
        fs::create_folder(root.join(path).parent().unwrap(), 0o755).unwrap();
        fs::write_atomically(&root.join(path), &artifact.bytes, FILE_MODE).unwrap();
    }
    (folder, root, texts)
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(output.status.success() && output.stderr.is_empty(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs root and systemd-nspawn; .ci/run installs it"]
fn a_unit_gives_its_program_every_nasty_text() {
    let (_folder, root, given) = tree();
    let home = tempfile::tempdir().unwrap();
    let dump = Utf8Path::from_path(home.path()).unwrap().join("venv/bin/dump");
    fs::create_folder(dump.parent().unwrap(), 0o755).unwrap();
    fs::write_atomically(&dump, DUMP.replace(OUT, "/opt/values").as_bytes(), 0o755).unwrap();
    let unit = "sfgen-values-alice-dump.service";
    let mut machine = Machine::new();
    let units = root.join("alice/alice-1/systemd");
    machine.add_unit(unit, &std::fs::read(units.join(unit)).unwrap());
    machine.bind(home.path(), "/opt/values");
    machine.bind(root.join("alice/alice-1").as_std_path(), "/etc/sfgen/values");
    machine.run();
    let read = |name: &str| texts(&Utf8Path::from_path(home.path()).unwrap().join(name));
    assert_eq!(read("dump.args"), given);
    let env = read("dump.env");
    for (name, text) in numbered(&given) {
        assert!(env.contains(&format!("{name}={text}")), "{name} {text:?}");
    }
    assert!(env.contains(&format!("APP_ENV={}", given.last().unwrap())), "the env file has it too");
    assert!(env.contains(&"NODE_ID=alice".to_owned()));
}

#[test]
#[ignore = "needs docker compose; .ci/run installs it"]
fn compose_gives_a_container_every_nasty_text() {
    let (_folder, root, given) = tree();
    let mut command = Command::new("docker-compose");
    command.arg("-f").arg(root.join("bob/bob-1/docker/compose.yaml"));
    let read = stdout(command.args(["config", "--format", "json"]));
    let services = &serde_json::from_str::<Value>(&read).unwrap()["services"];
    let container = &services["dump"];
    // Compose writes `$$` for `$`, in what it prints too.
    let plain = |value: &Value| value.as_str().unwrap().replace("$$", "$");
    let command: Vec<String> = container["command"].as_array().unwrap().iter().map(plain).collect();
    for (read, given) in command[2..].iter().zip(&given) {
        assert_eq!(read, given);
    }
    assert_eq!(command.len(), 2 + given.len());
    for (name, text) in numbered(&given) {
        assert_eq!(plain(&container["environment"][&name]), *text, "{name}");
    }
    assert_eq!(plain(&container["environment"]["APP_ENV"]), *given.last().unwrap());
    // The Ray node's workers use the key; a service that does not join it has no need of it.
    let mounts = services["ray"]["volumes"].as_array().unwrap();
    let key = KEY.replace("node.key", "bob");
    assert!(mounts.iter().any(|mount| plain(&mount["source"]) == key), "{mounts:?}");
    assert!(mounts.iter().any(|mount| plain(&mount["target"]) == key), "{mounts:?}");
}

#[test]
#[ignore = "needs Python; .ci/run has it"]
fn python_reads_every_nasty_text_in_a_plan() {
    let (_folder, root, given) = tree();
    let script = "import json, sys\n\
        plan = json.load(open(sys.argv[1], encoding='utf-8'))\n\
        text = lambda word: word.replace('{{', '{').replace('}}', '}')\n\
        service = next(p for p in plan['hosts']['carol-1']['processes'] if p['kind'] == 'service')\n\
        env = {name: text(word) for name, word in service['env'].items()}\n\
        job = plan['jobs']['dump']['program']['script']\n\
        print(json.dumps([[text(word) for word in service['command'][2:]], env, job['args'], plan['identity']['key']]))";
    let read =
        stdout(Command::new("python3").args(["-c", script]).arg(root.join("carol/plan.json")));
    assert!(read.is_ascii(), "what Python writes has escapes of its own");
    let (command, env, args, key): (Vec<String>, BTreeMap<String, String>, Vec<String>, String) =
        serde_json::from_str(&read).unwrap();
    assert_eq!(
        (command, args, key),
        (given.clone(), given.clone(), KEY.replace("node.key", "carol"))
    );
    for (name, text) in numbered(&given) {
        assert_eq!(env[&name], *text);
    }
}
