//! Texts of the user arrive unchanged in every file of the tree, as that format's own reader reads it, or are a finding
//! at their place.

mod places;
mod readers;

use std::{collections::BTreeMap, fmt::Write as _, process::Command};

use camino::Utf8Path;
use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;
use sfgen::{
    compile::Compilation,
    diag::render_text,
    plan::{PartyPlan, ProcessKind, located},
    types::{check_text, is_display_control},
};

use crate::federation::compile_text;

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
    "\u{200e}\u{200f}\u{61c} \u{202a}a\u{202b}b\u{202d}c\u{202c}",
    "\u{2066}a\u{2067}b\u{2068}c\u{2069} '\u{202e}' \"\u{2069}\"",
    "\u{2028}\u{2029}\u{85}",
    " \u{2028} \u{2029} \u{85} x",
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

/// The words of a command, each after a blank.
fn words_in_kdl(texts: &[String]) -> String {
    texts.iter().flat_map(|text| [" ".to_owned(), kdl_text(text)]).collect()
}

/// `T0="..." T1="..."` and so on, each after a blank.
fn variables_in_kdl(texts: &[String]) -> String {
    numbered(texts)
        .flat_map(|(name, text)| [" ".to_owned(), name, "=".to_owned(), kdl_text(text)])
        .collect()
}

/// A party per target, each with a service and a job that are given all of `texts`.
fn topology(texts: &[String]) -> String {
    let (words, env) = (words_in_kdl(texts), variables_in_kdl(texts));
    let forced = kdl_text(texts.last().unwrap());
    let service = format!(
        "service \"dump\" {{ command \"dump\" \"dump\"{words}; env{env}; env APP_ENV={forced}; \
         allow \"SF0165\" because=\"what a service sets hides what is planned\"; }}"
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
    String::from_utf8(output.tree.get(path).expect(path).bytes.to_vec()).unwrap()
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

/// A party's first service: its words and its variables, as they will be.
fn service(plan: &Value) -> (Vec<String>, BTreeMap<String, String>) {
    let plan: PartyPlan = serde_json::from_value(plan.clone()).unwrap();
    let host = plan.main();
    let service = host.processes.iter().find(|process| process.kind == ProcessKind::Service);
    let service = service.expect("a service");
    let text = |word| located(word, &host.locations);
    let env = service.env.iter().map(|(name, value)| (name.clone(), text(value)));
    (service.command.iter().map(text).collect(), env.collect())
}

fn numbered(texts: &[String]) -> impl Iterator<Item = (String, &String)> {
    texts.iter().enumerate().map(|(index, text)| (format!("T{index}"), text))
}

/// Whether a command runs the job's script with these arguments.
fn runs(command: &[String], texts: &[String]) -> bool {
    let script = command.strip_suffix(texts).and_then(|start| start.last());
    script.is_some_and(|script| script.ends_with("/dump it.py"))
}

/// All that can be read back without other programs than bash.
#[track_caller]
fn assert_arrives(texts: &[String]) {
    let done = compile_text(&topology(texts));
    assert!(done.findings.is_empty(), "{}", told(&done));
    for party in ["alice", "bob", "carol"] {
        let plan: Value =
            serde_json::from_str(&file(&done, &format!("{party}/plan.json"))).unwrap();
        let (command, env) = service(&plan);
        assert_eq!(command[2..], *texts);
        for (name, text) in numbered(texts) {
            assert_eq!(env[&name], *text);
        }
        let job = &plan["jobs"]["dump"]["program"]["script"];
        assert_eq!((words(&job["args"]), &job["path"]), (texts.to_vec(), &"dump it.py".into()));
        assert_eq!(plan["identity"]["key"], KEY.replace("node.key", party));

        let runbook = file(&done, &format!("{party}/RUNBOOK.md"));
        let key = KEY.replace("node.key", party);
        assert!(cells(&runbook).contains(&key), "{runbook}");
        let all = commands(&runbook);
        // Under the other targets a launcher runs the job.
        if party == "bob" {
            assert!(all.iter().any(|command| runs(command, texts)), "{runbook}\n{all:?}");
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
    texts.push("y".repeat(10 << 10));
    assert_arrives(&texts);
    // In a simulation who leads runs the job, under systemd as a unit of its own.
    let leader = "party \"amy\" { host \"amy-1\" address=\"10.0.0.9\"; deploy \"systemd\"; }";
    let simulation = topology(&texts).replacen("\"values\"", "\"values\" mode=\"simulation\"", 1);
    let done = compile_text(&simulation.replacen("party ", &format!("{leader}\nparty "), 1));
    let runbook = file(&done, "amy/RUNBOOK.md");
    assert!(commands(&runbook).iter().any(|command| runs(command, &texts)), "{runbook}");
}

#[test]
fn no_file_of_the_tree_has_characters_that_readers_are_not_shown() {
    let tree = compile_text(&topology(&owned(NASTY))).output.unwrap().tree;
    for (path, file) in tree.iter() {
        let text = String::from_utf8(file.bytes.to_vec()).unwrap();
        let hidden = text.chars().find(|c| is_display_control(*c) && *c != '\n');
        assert_eq!(hidden, None, "{path}");
    }
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
            "alice/alice-1/systemd/sfgen-values-alice-dump.service",
            "alice/alice-1/systemd/sfgen-values-alice-job-dump@.service",
            "alice/plan.json",
            "bob/RUNBOOK.md",
            "bob/bob-1/docker/compose.yaml",
            "bob/plan.json",
            "carol/plan.json",
            "federation.json",
        ]
    );
}

/// Characters that some format does something with, among others.
fn hostile() -> impl Strategy<Value = String> {
    let special: Vec<char> =
        "\"'`\\$%{}()[]<>|&;#=!*?~^@:,+- \t\n\r\u{1b}\u{7f}\u{85}\u{2028}\u{feff}\u{202e}\u{2066}\u{61c}n0u"
            .chars()
            .collect();
    let c = prop_oneof![3 => prop::sample::select(special), 1 => any::<char>()];
    prop::collection::vec(c, 0..12).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_program_can_be_given_arrives(texts in prop::collection::vec(hostile(), 1..6)) {
        // What looks like a path is judged as one too: whether the program reaches it (SF0250).
        let is_possible = |text: &String| check_text(text).is_ok() && !text.contains('/');
        let possible: Vec<String> = texts.into_iter().filter(is_possible).collect();
        prop_assume!(!possible.is_empty());
        assert_arrives(&possible);
    }
}
