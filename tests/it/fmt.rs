//! `sfgen fmt` lays out KDL files, and changes nothing else.

use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;
use insta::assert_snapshot;
use sfgen::{
    diag::{Findings, Sources},
    fs, syntax,
};

use crate::support::workspace::Workspace;

const UNTIDY: &str = "// why\ntopology   \"t\"\n\n\n\nparty \"alice\"{\n  host \"a\" address=\"10.0.0.1\"{ray cpus=2}   \n\n  /-pin \"sf\" 1 2\n\t}";
const TIDY: &str = r#"// why
topology   "t"

party "alice" {
    host "a" address="10.0.0.1" { ray cpus=2 }

    /-pin "sf" 1 2
}
"#;

#[test]
fn every_example_is_laid_out_already() {
    let examples = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in examples.read_dir_utf8().unwrap().map(Result::unwrap) {
        let text = fs::read_text(&entry.path().join("topology.kdl")).unwrap();
        let file = Sources::default().add("t.kdl", text.as_str());
        let made = syntax::format(file, &text, &mut Findings::default());
        assert_eq!(made, Some(text), "{}", entry.path());
    }
}

#[test]
fn a_file_is_laid_out_once_and_keeps_its_mode() {
    let workspace = Workspace::empty();
    workspace.write("topology.kdl", UNTIDY);
    let path = workspace.join("topology.kdl");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    assert_snapshot!(workspace.run(&["fmt", "--check"]).status_is(3).stdout, @"~ topology.kdl");
    assert_eq!(workspace.read("topology.kdl"), UNTIDY);
    workspace.run(&["fmt"]).success();
    assert_eq!(workspace.read("topology.kdl"), TIDY);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    let again = workspace.run(&["fmt", "--check"]).success();
    assert_eq!(again.stdout, "");
}

#[test]
fn a_file_that_is_no_kdl_is_left_alone_with_its_findings() {
    let workspace = Workspace::empty();
    workspace.write("bad.kdl", "a {\n  b =1\n");
    workspace.write("good.kdl", "a  {b}");
    let ran = workspace.run(&["fmt", "bad.kdl", "good.kdl"]).status_is(1);
    assert!(ran.stderr.contains("SF0001") && ran.stderr.contains("bad.kdl:"), "{}", ran.stderr);
    assert_eq!(workspace.read("bad.kdl"), "a {\n  b =1\n");
    assert_eq!(workspace.read("good.kdl"), "a { b }\n");
    workspace.run(&["fmt", "topology.toml"]).status_is(2);
}
