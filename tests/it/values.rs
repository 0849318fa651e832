//! Texts of the user arrive unchanged in every file of the tree, as that format's own reader reads it, or are a finding
//! at their place.

use std::{collections::BTreeMap, fmt::Write as _, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;
use sfgen::{
    compile::Compilation,
    diag::{Finding, Severity, render_text},
    fs,
    model::Text,
    syntax::MemoryWorkspace,
    types::check_text,
};

use crate::{
    federation::{Beside, Flaw, compile_text, compile_with},
    support::{
        launcher::{Launcher, assert_nothing_left},
        machine::{DUMP, Machine, OUT, texts},
        workspace::Workspace,
    },
};

/// What shells, units, YAML, Markdown, KDL, templates and terminals have their own ideas about.
const NASTY: &[&str] = &[
    "",
    " ",
    "  leading and trailing  ",
    "it's",
    "\"quoted\"",
    "'\"`'\"`",
    "two\nlines\n",
    "\n```\n# not a heading\n```sh\nid\n",
    "a\r\nb\rc",
    "\ttab\t",
    "$HOME",
    "${HOME}",
    "$$ $$$ $1 $(id) `id` ${x:-y}",
    "%n %% %h %i % 50%",
    "{",
    "}",
    "{x}",
    "{{x}}",
    "{{{x}}} {{#if a}}",
    "{port.redis}",
    "\\",
    "trailing \\",
    "\\n \\x41 \\\\ \\\" \\u0041",
    "# comment",
    "; semicolon ; && || | > /dev/null < x &",
    ";",
    "a=b",
    "=",
    "!history !! !1",
    "* ? [a-z] ~ ~root",
    "-",
    "--flag=\"x\"",
    "@-:+!|",
    "äöü ß",
    "中文",
    "😀👩‍👩‍👧",
    "\u{202e}override\u{202c}",
    "\u{2028}\u{2029}\u{85}",
    "\u{feff}bom\u{feff}",
    "\u{a0}\u{3000}",
    "\u{1}\u{2}\u{7}\u{8}\u{b}\u{c}\u{1b}[31m\u{7f}\u{80}\u{9f}",
    "null",
    "~",
    "yes",
    "0x10",
    "1e3",
    "2026-11-21",
    "- item",
    "key: value",
    "&anchor *alias !!tag | >",
    "%YAML 1.1",
    "---\n...",
    "[Service]\nExecStart=/bin/sh",
    "ENTRYPOINT [\"sh\"]\nRUN id",
    "tcp dport { 1 } drop comment \"x\"",
    "party \"eve\" { host \"e\"; } // */ /- r#\"x\"#",
    "| a | b |\n|-|-|",
    "&amp; &lt; <b>bold</b> <!-- --> [a](b) ![c](d) *e* __f__ ~~g~~ https://h.example",
];

/// What no program can be given.
const IMPOSSIBLE: &[&str] = &["a\0b", "\0", "\u{fffe}", "\u{ffff}", "\u{fdd0}x", "\u{10ffff}"];

/// A path that all of its readers are put to the test by.
const KEY: &str =
    "/etc/sf gen/$k %n 'a' \"b\" `c` {d} {{e}} \\f #g ;h &i |j *k_l* <m> ~~n~~ ä中😀/node.key";

/// A text as KDL: what is neither a letter nor plain ASCII as an escape, since KDL has no other way for some of it.
fn kdl(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if c.is_alphanumeric() || (' '..='~').contains(&c) && !"\"\\".contains(c) {
            quoted.push(c);
        } else {
            write!(quoted, "\\u{{{:x}}}", u32::from(c)).unwrap();
        }
    }
    quoted + "\""
}

/// The same where placeholders are filled in.
fn kdl_text(text: &str) -> String {
    kdl(&text.replace('{', "{{").replace('}', "}}"))
}

/// A party per target, each with a service and a job that are given all of `texts`.
fn topology(texts: &[String]) -> String {
    let words: String = texts.iter().map(|text| format!(" {}", kdl_text(text))).collect();
    let variables = texts.iter().enumerate();
    let env: String =
        variables.map(|(index, text)| format!(" T{index}={}", kdl_text(text))).collect();
    let forced = kdl_text(texts.last().unwrap());
    let service = format!(
        "service \"dump\" {{ command \"dump\" \"dump\"{words}; env{env}; env APP_ENV={forced}; }}"
    );
    let party = |name: &str, address: u8, deploy: &str| {
        format!(
            "party \"{name}\" {{\n  host \"{name}-1\" address=\"10.0.0.{address}\"\n  {deploy}\n  {service}\n  \
             identity ca=\"pki/{name}/ca.pem\" cert=\"pki/{name}/node.pem\" key={}\n}}\n",
            kdl(&KEY.replace("node.key", name)),
        )
    };
    [
        "topology \"values\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n",
        &party("alice", 1, "deploy \"systemd\" user=\"root\" home=\"/opt/values\""),
        &party("bob", 2, "deploy \"docker\""),
        &party("carol", 3, ""),
        &format!("job \"dump\" script=\"dump it.py\" {{ parties \"alice\" \"bob\" \"carol\"; args{words}; }}\n"),
    ]
    .concat()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn told(done: &Compilation) -> String {
    render_text(&done.findings, &done.sources, 100, false)
}

#[track_caller]
fn file(done: &Compilation, path: &str) -> String {
    let output = done.output.as_ref().unwrap_or_else(|| panic!("{}", told(done)));
    String::from_utf8(output.tree.get(path).expect(path).bytes.clone()).unwrap()
}

/// The shell commands of a runbook, as a Markdown reader and bash take them apart. None of them is run.
fn commands(runbook: &str) -> Vec<Vec<String>> {
    let mut script = String::new();
    let mut is_shell = false;
    for event in Parser::new_ext(runbook, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => is_shell = *info == *"sh",
            Event::End(TagEnd::CodeBlock) => is_shell = false,
            Event::Text(text) if is_shell => script += &text,
            _ => {}
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("runbook.sh");
    let tell = "PATH=/nonexistent\ncommand_not_found_handle() { printf '%s\\0' $# \"$@\"; }\n";
    std::fs::write(&path, format!("{tell}{script}")).unwrap();
    let output = Command::new("bash").arg(&path).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let mut words = said.split_terminator('\0');
    let mut commands = Vec::new();
    while let Some(count) = words.next() {
        commands.push(words.by_ref().take(count.parse().unwrap()).map(str::to_owned).collect());
    }
    commands
}

/// The cells of the tables of a Markdown text, markup taken off.
fn cells(markdown: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => cells.extend(cell.take()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(cell) = &mut cell {
                    *cell += &text;
                }
            }
            // What would be markup is none of the text.
            Event::Start(_) | Event::InlineHtml(_) => {
                if let Some(cell) = &mut cell {
                    *cell += "<markup>";
                }
            }
            _ => {}
        }
    }
    cells
}

/// The words of a service or a job in a plan.
fn words(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap()
}

fn service(plan: &Value, party: &str) -> Value {
    plan["hosts"][format!("{party}-1")]["services"][0].clone()
}

fn numbered(texts: &[String]) -> impl Iterator<Item = (String, &String)> {
    texts.iter().enumerate().map(|(index, text)| (format!("T{index}"), text))
}

/// All that can be read back without other programs than bash.
#[track_caller]
fn assert_arrives(texts: &[String]) {
    let done = compile_text(&topology(texts));
    assert!(done.findings.is_empty(), "{}", told(&done));
    for party in ["alice", "bob", "carol"] {
        let plan: Value =
            serde_json::from_str(&file(&done, &format!("{party}/plan.json"))).unwrap();
        let service = service(&plan, party);
        assert_eq!(words(&service["command"])[2..], *texts);
        for (name, text) in numbered(texts) {
            assert_eq!(service["env"][&name], **text);
        }
        let job = &plan["jobs"]["dump"]["program"]["script"];
        assert_eq!((words(&job["args"]), &job["path"]), (texts.to_vec(), &"dump it.py".into()));
        assert_eq!(plan["identity"]["key"], KEY.replace("node.key", party));

        let runbook = file(&done, &format!("{party}/RUNBOOK.md"));
        let key = KEY.replace("node.key", party);
        assert!(cells(&runbook).contains(&key), "{runbook}");
        let all = commands(&runbook);
        if party != "carol" {
            let mut run = vec!["dump it.py".to_owned()];
            run.extend_from_slice(texts);
            assert!(
                all.iter().any(|command| command.ends_with(&run)),
                "{run:?}\n{runbook}\n{all:?}"
            );
        }
        if party == "bob" {
            let lets_read = |command: &Vec<String>| {
                command.contains(&"setfacl".to_owned()) && command.last() == Some(&key)
            };
            assert!(all.iter().any(lets_read), "{runbook}");
        }
    }
}

#[test]
fn every_nasty_text_arrives_in_plans_and_runbooks() {
    let mut texts = owned(NASTY);
    texts.push("x".repeat(10 << 10));
    assert_arrives(&texts);
    // In a simulation the runbook has the command for carol, who leads, as a command of no other program.
    let simulation = topology(&texts).replacen("\"values\"", "\"values\" mode=\"simulation\"", 1);
    let simulation = simulation.replace("party \"alice\"", "party \"zoe\"");
    let simulation = simulation.replace("parties \"alice\"", "parties \"zoe\"");
    let carol_first = simulation.replacen(
        "party \"zoe\"",
        "party \"amy\" { host \"amy-1\" address=\"10.0.0.9\"; }\nparty \"zoe\"",
        1,
    );
    let done = compile_text(&carol_first);
    let runbook = file(&done, "amy/RUNBOOK.md");
    let run = [&["dump it.py".to_owned()], &texts[..]].concat();
    assert!(commands(&runbook).iter().any(|command| command.ends_with(&run)), "{runbook}");
}

#[test]
fn files_without_texts_of_the_user_do_not_depend_on_them() {
    let nasty = compile_text(&topology(&owned(NASTY))).output.unwrap().tree;
    let plain = compile_text(&topology(&owned(&["plain"]))).output.unwrap().tree;
    let changed = nasty.iter().filter(|(path, file)| plain.get(path.as_str()) != Some(file));
    let changed: Vec<&str> = changed.map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        changed,
        [
            "alice/RUNBOOK.md",
            "alice/alice-1/systemd/sfgen-values-alice-dump.service",
            "alice/plan.json",
            "bob/RUNBOOK.md",
            "bob/bob-1/docker/compose.yaml",
            "bob/plan.json",
            "carol/plan.json",
            "federation.json",
        ]
    );
}

/// Every place of the language where a user writes a text, each marked by a word that the rest does not have.
const PLACES: &str = r#"topology "TOPOLOGY" mode="MODE"
runtime "secretflow" version="VERSION" engine="ray" {
    python "PYTHON"
    allow-deserialize "MODULE" "MEMBER"
}
network "NETWORK" subnet="10.0.0.0/24"
party "alice" {
    host "HOST" address="ADDRESS"
    identity ca="CA" cert="CERT" key="KEY"
    deploy "systemd" user="USER" home="HOME"
    pin "ROLE" 19000
    service "SERVICE" image="IMAGE" after="AFTER" {
        command "PROGRAM" "ARGUMENT"
        env "VARIABLE"="VALUE"
        port "PORT"
    }
    allow "SF0505" because="REASON"
}
party "bob" {
    host "bob-1" address="10.0.0.12"
    identity ca="pki/bob/ca.pem" cert="pki/bob/node.pem" key="keys/bob.key"
    deploy "docker" network="JOINED"
}
spu "SPU" protocol="PROTOCOL" field="FIELD" { parties "alice" "bob"; }
job "JOB" script="SCRIPT" { parties "alice" "bob"; args "JOBARG"; }
"#;

/// What stands at each place where nothing else is tried.
const PLAIN: [(&str, &str); 31] = [
    ("TOPOLOGY", "t"),
    ("MODE", "production"),
    ("VERSION", "1.13.0b0"),
    ("PYTHON", "3.10"),
    ("MODULE", "pandas.core.frame"),
    ("MEMBER", "DataFrame"),
    ("NETWORK", "sfnet"),
    ("HOST", "alice-1"),
    ("ADDRESS", "10.0.0.11"),
    ("CA", "pki/alice/ca.pem"),
    ("CERT", "pki/alice/node.pem"),
    ("KEY", "keys/alice.key"),
    ("USER", "secretflow"),
    ("HOME", "/opt/secretflow"),
    ("ROLE", "control"),
    ("SERVICE", "worker"),
    ("IMAGE", "redis:7"),
    ("AFTER", "ray"),
    ("PROGRAM", "python"),
    ("ARGUMENT", "worker.py"),
    ("VARIABLE", "NAME"),
    ("VALUE", "value"),
    ("PORT", "web"),
    ("REASON", "renewed on Monday"),
    ("JOINED", "sfnet"),
    ("SPU", "spu"),
    ("PROTOCOL", "SEMI2K"),
    ("FIELD", "FM128"),
    ("JOB", "psi"),
    ("SCRIPT", "psi.py"),
    ("JOBARG", "--key"),
];

/// The topology with `text` at a place, which is filled in last: what the text says is no place.
fn with_text_at(place: &str, text: &str) -> String {
    let others = PLAIN.iter().filter(|(other, _)| *other != place);
    let rest = others.fold(PLACES.to_owned(), |all, (other, plain)| {
        all.replace(&format!("\"{other}\""), &format!("\"{plain}\""))
    });
    let rest = rest.replace(&format!("\"{place}\""), &kdl(text));
    // A network is worth its name only to those who join it.
    if place == "NETWORK" {
        rest.replace("network=\"sfnet\"", &format!("network={}", kdl(text)))
    } else {
        rest
    }
}

/// Whether a text is a key or a value somewhere.
fn has(json: &Value, text: &str) -> bool {
    match json {
        Value::String(value) => value == text,
        Value::Array(values) => values.iter().any(|value| has(value, text)),
        Value::Object(map) => map.iter().any(|(key, value)| key == text || has(value, text)),
        _ => false,
    }
}

/// Whether a text that is no finding stands in the files where it should.
fn is_in_files(done: &Compilation, place: &str, text: &str) -> bool {
    let read = |path: &str| serde_json::from_str::<Value>(&file(done, path)).unwrap();
    let (plan, federation) = (read("alice/plan.json"), read("federation.json"));
    let service = &plan["hosts"]["alice-1"]["services"][0];
    let is_in_table = || cells(&file(done, "alice/RUNBOOK.md")).iter().any(|cell| cell == text);
    let filled: Result<Text, _> = text.parse();
    let filled = filled.and_then(|text| text.fill(|_| None).map_err(|name| name.to_string()));
    match place {
        "MODULE" | "MEMBER" => has(&federation["runtime"]["deserialize"], text),
        "CA" => plan["identity"]["ca"] == text && is_in_table(),
        "CERT" => plan["identity"]["cert"] == text && is_in_table(),
        "KEY" => plan["identity"]["key"] == text && is_in_table(),
        "USER" => plan["deploy"]["user"] == text,
        "HOME" => plan["deploy"]["home"] == text,
        "IMAGE" => service["image"] == text,
        "PROGRAM" => service["command"][0] == *filled.unwrap(),
        "ARGUMENT" => service["command"][1] == *filled.unwrap(),
        "VALUE" => service["env"]["NAME"] == *filled.unwrap(),
        "JOBARG" => plan["jobs"]["psi"]["program"]["script"]["args"][0] == *filled.unwrap(),
        "SCRIPT" => {
            let runbook = file(done, "alice/RUNBOOK.md");
            commands(&runbook).iter().flatten().any(|word| word == text) && has(&plan["jobs"], text)
        }
        "REASON" => true, // it is for those who read the topology, and in no file
        "AFTER" => text.trim().is_empty(),
        "NETWORK" | "JOINED" => has(&read("bob/plan.json")["deploy"], text),
        _ => has(&federation, text) || has(&plan, text),
    }
}

/// Compiles with a certificate of alice's that ends soon, which is what there is a reason for.
fn compile_at(place: &str, text: &str) -> Compilation {
    let files = MemoryWorkspace::default().with("topology.kdl", with_text_at(place, text));
    compile_with(files, Beside { flaw: Flaw::Ending, scripts: true })
}

/// Tries a text at a place: where it is an error, that is shown there and nowhere else.
fn try_at(place: &str, text: &str) -> Result<(), String> {
    let done = compile_at(place, text);
    let errors = done.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let errors: Vec<&Finding> = errors.collect();
    if errors.is_empty() {
        return if is_in_files(&done, place, text) {
            Ok(())
        } else {
            Err(format!("{place} {text:?} is lost\n{}", told(&done)))
        };
    }
    let is_there = |finding: &&Finding| {
        finding.help.is_some()
            && finding.labels.first().is_some_and(|label| {
                let source = &done.sources.get(label.span.file).text;
                source[label.span.start..label.span.end] == kdl(text)
            })
    };
    if errors.iter().all(is_there) {
        Ok(())
    } else {
        Err(format!("{place} {text:?} is told elsewhere\n{}", told(&done)))
    }
}

/// Tries each text at every `step`th place, so that each place has every `step`th text.
#[track_caller]
fn assert_told_or_there(step: usize) {
    let mut wrong = Vec::new();
    for (index, text) in NASTY.iter().chain(IMPOSSIBLE).enumerate() {
        let places = PLAIN.iter().skip(index % step).step_by(step);
        wrong.extend(places.filter_map(|(place, _)| try_at(place, text).err()));
    }
    assert!(wrong.is_empty(), "{} of them\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn at_every_place_a_text_arrives_or_is_a_finding_there() {
    for (place, plain) in PLAIN {
        assert_eq!(PLACES.matches(&format!("\"{place}\"")).count(), 1, "{place}");
        let done = compile_at(place, plain);
        assert!(done.findings.is_empty(), "{}", told(&done));
    }
    assert_told_or_there(8);
}

#[test]
#[ignore = "takes minutes; .ci/run runs it"]
fn at_every_place_every_text_arrives_or_is_a_finding_there() {
    assert_told_or_there(1);
}

#[test]
fn more_than_a_program_can_be_given_is_a_finding_at_the_longest_text() {
    for place in ["ARGUMENT", "VALUE", "JOBARG"] {
        assert_eq!(try_at(place, &"x".repeat(127 << 10)), Ok(()));
        let text = "x".repeat(128 << 10);
        let done = compile_at(place, &text);
        assert_eq!(done.findings[0].code.0, "SF0017");
        assert_eq!(try_at(place, &text), Ok(()));
    }
}

/// Characters that some format does something with, among others.
fn hostile() -> impl Strategy<Value = String> {
    let special: Vec<char> =
        "\"'`\\$%{}()[]<>|&;#=!*?~^@:,+- \t\n\r\u{1b}\u{7f}\u{85}\u{2028}\u{feff}\u{202e}n0u"
            .chars()
            .collect();
    let c = prop_oneof![3 => prop::sample::select(special), 1 => any::<char>()];
    prop::collection::vec(c, 0..12).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_program_can_be_given_arrives(texts in prop::collection::vec(hostile(), 1..6)) {
        let possible: Vec<String> =
            texts.into_iter().filter(|text| check_text(text).is_ok()).collect();
        prop_assume!(!possible.is_empty());
        assert_arrives(&possible);
    }

    #[test]
    fn at_every_place_any_text_arrives_or_is_a_finding_there(
        text in hostile(),
        place in prop::sample::select(PLAIN.map(|(place, _)| place).to_vec()),
    ) {
        prop_assert_eq!(try_at(place, &text), Ok(()));
    }
}

#[test]
fn the_launcher_gives_a_service_its_texts() {
    let mut given = owned(NASTY);
    given.push("x".repeat(10 << 10));
    let ws = Workspace::example("two_parties");
    ws.write("dump", &DUMP.replace(OUT, ws.path().to_str().unwrap()));
    let service: String = given.iter().map(|text| format!(" {}", kdl_text(text))).collect();
    let env: String =
        numbered(&given).map(|(name, text)| format!(" {name}={}", kdl_text(text))).collect();
    ws.edit("topology.kdl", |topology| {
        let service = format!(
            "    service \"dump\" {{ command \"sh\" \"dump\" \"dump\"{service}; env{env}; }}\n"
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

/// The tree of the nasty texts in a folder.
fn tree() -> (tempfile::TempDir, Utf8PathBuf, Vec<String>) {
    let mut texts = owned(NASTY);
    texts.push("x".repeat(10 << 10));
    texts.push("in front of \"the\" $HOME %n file's \\ own\n".to_owned());
    let done = compile_text(&topology(&texts));
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap().to_owned();
    for (path, artifact) in &done.output.unwrap_or_else(|| panic!("it compiles")).tree {
        fs::create_folder(root.join(path).parent().unwrap(), 0o755).unwrap();
        fs::write_atomically(&root.join(path), &artifact.bytes, artifact.mode.bits()).unwrap();
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
    let container = &serde_json::from_str::<Value>(&read).unwrap()["services"]["dump"];
    // Compose writes `$$` for `$`, in what it prints too.
    let plain = |value: &Value| value.as_str().unwrap().replace("$$", "$");
    let command: Vec<String> = container["command"].as_array().unwrap().iter().map(plain).collect();
    assert_eq!(command[2..], given);
    for (name, text) in numbered(&given) {
        assert_eq!(plain(&container["environment"][&name]), *text, "{name}");
    }
    assert_eq!(plain(&container["environment"]["APP_ENV"]), *given.last().unwrap());
    let mounts = container["volumes"].as_array().unwrap();
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
        service = plan['hosts']['carol-1']['services'][0]\n\
        job = plan['jobs']['dump']['program']['script']\n\
        print(json.dumps([service['command'][2:], service['env'], job['args'], plan['identity']['key']]))";
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
