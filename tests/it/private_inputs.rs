//! A party's number for a sum from a file on its machine: read there, by its launcher alone, and told where it cannot be.

use std::fs;

use crate::{
    federation::compile_text,
    support::{mended::edited, workspace::Workspace},
};

/// Two parties that are not on one machine.
const APART: &str = include_str!("../field/private_inputs.kdl");

fn planned() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

#[test]
fn the_numbers_of_files_are_added_and_each_run_reads_them_anew() {
    let ws = planned();
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum 42\n");
    ws.write("keys/alice/number", "-40");
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum -9\n");
}

#[test]
fn neither_number_nor_file_is_in_what_all_parties_share() {
    let ws = planned();
    for (path, bytes) in ws.files("generated") {
        let text = String::from_utf8_lossy(&bytes);
        let is_told = ["alice/plan.json", "alice/RUNBOOK.md"].contains(&path.as_str());
        assert_eq!(text.contains("keys/alice/number"), is_told, "{path}");
        assert!(!text.contains("\"input\": 11"), "{path}");
    }
    assert!(ws.read("generated/alice/plan.json").contains("\"input_file\": \"keys/alice/number\""));
    assert!(!ws.read("generated/federation.json").contains("number"));
    assert!(ws.read("generated/alice/RUNBOOK.md").contains("| total | keys/alice/number |"));
}

#[test]
fn a_file_that_is_not_there_or_holds_no_number_is_told_before_anything_starts() {
    let ws = planned();
    for (text, why) in [
        (None, "it is not there"),
        (Some(""), "it does not hold one whole number"),
        (Some("my secret"), "it does not hold one whole number"),
        (Some("1.5"), "it does not hold one whole number"),
    ] {
        match text {
            None => fs::remove_file(ws.join("keys/bob/number")).unwrap(),
            Some(text) => ws.write("keys/bob/number", text),
        }
        let ran = ws.run(&["run", "total", "--party", "bob"]).status_is(4);
        let said = ran.stderr.replace("\n  │ ", " ");
        assert!(said.contains("SF0884") && said.contains(why), "{said}");
        assert!(ran.stderr.contains("echo 11 >"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    }
}

#[test]
fn a_number_in_the_topology_of_parties_apart_is_told_and_a_file_mends_it() {
    let sound = compile_text(APART);
    assert!(sound.findings.is_empty(), "{:?}", sound.findings);
    let file = "input \"bob\" file=\"keys/bob/number\"";
    let done = compile_text(&edited(APART, &[(file, "input \"bob\" 31")]));
    let [finding] = &done.findings[..] else { panic!("{:?}", done.findings) };
    assert_eq!((finding.code.0, finding.severity), ("SF0570", sfgen::diag::Severity::Warning));
    assert!(done.output.is_some(), "old topologies plan as before");
    assert!(finding.help.as_ref().unwrap().contains(&format!("`{file}`")), "{:?}", finding.help);
    let place = finding.labels[0].span;
    assert_eq!(&done.sources.get(place.file).text[place.start..place.end], "31");
    // On one machine there is nobody to keep it from.
    let local = APART.replace("10.0.0.1", "127.0.0.1").replace("10.0.0.2", "127.0.0.1");
    assert!(compile_text(&local.replace(file, "input \"bob\" 31")).findings.is_empty());
}

#[test]
fn an_input_is_a_number_or_a_file() {
    for (input, code) in [
        ("input \"bob\" 31 file=\"keys/bob/number\"", "SF0013"),
        ("input \"bob\"", "SF0006"),
        ("input \"bob\" fiel=\"keys/bob/number\"", "SF0003"),
        ("input \"bob\" file=31", "SF0005"),
        ("input \"bob\" file=\"\"", "SF0005"),
    ] {
        let written = "input \"bob\" file=\"keys/bob/number\"";
        let done = compile_text(&edited(APART, &[(written, input)]));
        let codes: Vec<&str> = done.findings.iter().map(|finding| finding.code.0).collect();
        assert_eq!(codes, [code], "{input}");
    }
}
