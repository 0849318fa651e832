//! `sfgen check --format sarif`: what code hosts read.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::workspace::Workspace;

/// A topology with an error in an included file whose name needs encoding, and a warning.
fn log() -> (Workspace, Value) {
    let workspace = Workspace::empty();
    workspace.write(
        "deploy/topology.kdl",
        "topology \"t\" mode=\"simulation\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\ninclude \"b *.kdl\"\nparty \"alice\" { host \"a\" address=\"127.0.0.1\" { ray object-store=\"1MiB\"; }; pin \"ray.gcs\" 443; }\n",
    );
    workspace.write("deploy/b ü.kdl", "party \"bob\" { host \"a\" address=\"é10.0.0.1\"; }\n");
    let ran = workspace.run(&["check", "deploy/topology.kdl", "--format", "sarif"]).status_is(1);
    assert_eq!(ran.stderr, "");
    (workspace, serde_json::from_str(&ran.stdout).unwrap())
}

#[test]
fn each_finding_is_a_result_at_its_place_with_its_page_as_rule() {
    let (_workspace, log) = log();
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 2, "{results:?}");
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty());
    }
    let bad = results.iter().find(|result| result["ruleId"] == "SF0005").unwrap();
    assert_snapshot!(bad["locations"][0]["physicalLocation"], @r#"{"artifactLocation":{"uri":"deploy/b%20%C3%BC.kdl","uriBaseId":"%SRCROOT%"},"region":{"startLine":1,"startColumn":32,"endLine":1,"endColumn":43}}"#);
    assert_eq!(bad["level"], "error");
}

#[test]
fn a_fix_is_the_region_that_goes_and_the_text_that_comes() {
    let (_workspace, log) = log();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let store = results.iter().find(|result| result["ruleId"] == "SF0304").unwrap();
    assert_snapshot!(store["fixes"][0], @r#"{"description":{"text":"write `object-store=\"75MiB\"`"},"artifactChanges":[{"artifactLocation":{"uri":"deploy/topology.kdl","uriBaseId":"%SRCROOT%"},"replacements":[{"deletedRegion":{"startLine":4,"startColumn":65,"endLine":4,"endColumn":71},"insertedContent":{"text":"\"75MiB\""}}]}]}"#);
}

#[test]
fn nothing_found_is_an_empty_list_of_results() {
    let workspace = Workspace::example("two_parties").with_keys(&["alice", "bob"]);
    let ran = workspace.run(&["check", "--format", "sarif"]).success();
    let log: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
#[ignore = "needs the schema that `.ci/validators` fetches"]
fn the_schema_of_sarif_accepts_the_log() {
    let path = std::env::var("SFGEN_SARIF_SCHEMA").expect("SFGEN_SARIF_SCHEMA names the schema");
    // One pattern of the published schema has a bracket too many.
    let schema = std::fs::read_to_string(path).unwrap().replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (_workspace, log) = log();
    let wrong: Vec<String> = validator.iter_errors(&log).map(|why| why.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0" })), "it does judge");
}
