//! Every generated file that is checked in is what its source generates. `SFGEN_BLESS=1` writes it anew.

use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;
use sfgen::{cli::SCHEMAS, plan::Mode};

use crate::{golden, support::workspace::Workspace};

const PROTO: &str = "sfgen/rendezvous/v1/rendezvous.proto";
const STUBS: &str = "src/launch/peers/rendezvous/gen/sfgen.rendezvous.v1.rs";

/// Whether what is checked in is to be written anew.
pub(crate) fn blesses() -> bool {
    std::env::var_os("SFGEN_BLESS").is_some()
}

/// Compares what a generator made with the file in the repository, or replaces the file.
pub(crate) fn compare_or_bless(path: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if blesses() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, made).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "{} is stale: run the tests with SFGEN_BLESS=1", path.display());
}

/// That `text` is JSON as `schemas/<name>.json` describes it.
#[track_caller]
pub(crate) fn assert_valid(name: &str, text: &str) {
    let value = serde_json::from_str(text).unwrap_or_else(|why| panic!("{name}: {why}\n{text}"));
    assert_value_valid(name, &value);
}

/// The validator for the schema of that name.
pub(crate) fn validator(name: &str) -> Validator {
    let schema = SCHEMAS.iter().find(|schema| schema.name == name).expect("it is listed");
    jsonschema::draft202012::new(&schema.json().expect("it is a JSON Schema")).unwrap()
}

#[track_caller]
pub(crate) fn assert_value_valid(name: &str, value: &Value) {
    let validator = validator(name);
    let wrong = validator.iter_errors(value);
    let wrong: Vec<String> =
        wrong.map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
}

/// The files of a tree that have a schema, and the lock.
#[track_caller]
fn assert_tree_valid(files: &[(String, Vec<u8>)]) {
    let mut seen = Vec::new();
    for (path, bytes) in files {
        let text = str::from_utf8(bytes).unwrap();
        let name = match path.rsplit('/').next().unwrap() {
            "plan.json" => "plan",
            "federation.json" => "federation",
            "manifest.json" => "manifest",
            "sfgen.lock" => {
                assert_value_valid("lock", &toml::from_str(text).unwrap());
                seen.push("lock");
                continue;
            }
            _ => continue,
        };
        assert_valid(name, text);
        seen.push(name);
    }
    for name in ["plan", "federation", "manifest", "lock"] {
        assert!(seen.contains(&name), "no {name} among {:?}", files.iter().map(|file| &file.0));
    }
}

#[test]
fn the_rpc_stubs_are_those_of_the_proto_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let descriptors = protox::compile([PROTO], [&root]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(folder.path())
        .emit_rerun_if_changed(false)
        .btree_map(".")
        .compile_fds(descriptors)
        .unwrap();
    let made = std::fs::read_to_string(folder.path().join("sfgen.rendezvous.v1.rs")).unwrap();
    compare_or_bless(STUBS, &made);
}

#[test]
fn the_schemas_are_those_of_the_types() {
    for schema in SCHEMAS {
        if let Some(json) = schema.json() {
            assert!(jsonschema::meta::is_valid(&json), "{} is no JSON Schema", schema.name);
        }
        compare_or_bless(&format!("schemas/{}", schema.file), &schema.text());
    }
}

#[test]
fn no_schema_is_left_over() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let listed = SCHEMAS.iter().any(|schema| name == schema.file);
        assert!(listed, "schemas/{name} is the schema of nothing");
    }
}

#[test]
fn what_the_binary_writes_and_prints_is_as_the_schemas_say() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]);
    let first = ws.run(&["plan", "--format", "json"]).success();
    assert_valid("plan-report", &first.stdout);
    let mut files = ws.files("generated");
    files.push(("sfgen.lock".to_owned(), ws.read("sfgen.lock").into_bytes()));
    assert_tree_valid(&files);
    assert_valid("findings", &ws.run(&["check", "--format", "json"]).success().stdout);
    assert_valid("status", &ws.run(&["status", "--format", "json"]).success().stdout);

    ws.edit("topology.kdl", |text| text.replace("input \"bob\"", "inptu \"bob\""));
    let checked = ws.run(&["check", "--format", "json"]).status_is(1);
    assert!(checked.stdout.contains("SF0"), "{}", checked.stdout);
    assert_valid("findings", &checked.stdout);
    let planned = ws.run(&["plan", "--format", "json"]).status_is(1);
    assert_valid("plan-report", &planned.stdout);
}

#[test]
fn the_trees_of_all_examples_are_as_the_schemas_say() {
    for name in golden::EXAMPLES {
        assert_tree_valid(&golden::generate(name));
    }
    // Without identities, and with a runtime that others share.
    assert_tree_valid(&golden::generate_as("credit_risk", Some(Mode::Simulation)));
}

#[test]
fn a_schema_turns_away_what_is_not_meant() {
    let validator = validator("manifest");
    let file = |mode: Value| {
        let sha256 = "0".repeat(64);
        let files = serde_json::json!({"PORTS.md": {"sha256": sha256, "mode": mode}});
        serde_json::json!({"format": 1, "plan": sha256, "files": files})
    };
    assert!(validator.is_valid(&file("644".into())));
    assert!(!validator.is_valid(&file(644.into())));
    let mut more = file("644".into());
    more["note"] = "mine".into();
    assert!(!validator.is_valid(&more));
}
