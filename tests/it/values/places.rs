//! At every place of the language a text arrives in the files, or is a finding at that place.

use proptest::prelude::*;
use serde_json::Value;
use sfgen::{
    compile::Compilation,
    diag::{Finding, Severity},
    model::Text,
    syntax::MemoryWorkspace,
};

use super::{IMPOSSIBLE, NASTY, cells, commands, file, hostile, kdl, service, told};
use crate::federation::{Beside, Flaw, compile_with};

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
    service "SERVICE" after="AFTER" {
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
    service "cache" image="IMAGE" { command "redis-server"; }
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
    let (command, env) = service(&plan);
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
        "IMAGE" => has(&read("bob/plan.json")["hosts"]["bob-1"]["processes"], text),
        "PROGRAM" => command[0] == *filled.unwrap(),
        "ARGUMENT" => command[1] == *filled.unwrap(),
        "VALUE" => env["NAME"] == *filled.unwrap(),
        "JOBARG" => plan["jobs"]["psi"]["program"]["script"]["args"][0] == *filled.unwrap(),
        "SCRIPT" => {
            let runbook = file(done, "alice/RUNBOOK.md");
            let ends = |word: &String| {
                word.strip_suffix(text).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            };
            commands(&runbook).iter().flatten().any(ends) && has(&plan["jobs"], text)
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
    assert_told_or_there(16);
}

#[test]
#[ignore = "takes minutes; .ci/run runs it"]
fn at_every_place_every_text_arrives_or_is_a_finding_there() {
    assert_told_or_there(1);
}

#[test]
fn more_than_a_program_can_be_given_is_a_finding_at_the_longest_text() {
    for place in ["ARGUMENT", "VALUE", "JOBARG"] {
        assert_eq!(try_at(place, &"y".repeat(127 << 10)), Ok(()));
        let text = "y".repeat(128 << 10);
        let done = compile_at(place, &text);
        assert_eq!(done.findings[0].code.0, "SF0017");
        assert_eq!(try_at(place, &text), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_every_place_any_text_arrives_or_is_a_finding_there(
        text in hostile(),
        place in prop::sample::select(PLAIN.map(|(place, _)| place).to_vec()),
    ) {
        prop_assert_eq!(try_at(place, &text), Ok(()));
    }
}
