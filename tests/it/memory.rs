//! How much memory the largest topologies take that are read at all, and those that are refused.

use std::process::{Command, Stdio};

use crate::support::workspace::Workspace;

/// How much memory sfgen may take, in MiB.
const MOST: usize = 300;
/// The same without 56 MiB of text and as much of the strings in it, which one test has and the others leave out.
const WITHOUT_TEXT: usize = MOST - 2 * 56;

const HEAD: &str = "topology \"t\" mode=\"simulation\"\nruntime \"embedded\"\n";
/// The largest file that is read.
const FILE: usize = 8 << 20;

/// What the binary prints with these arguments, where it is given no more than so many MiB: data that is allotted and
/// never touched counts too.
fn within(most: usize, workspace: &Workspace, args: &str) -> String {
    let program = env!("CARGO_BIN_EXE_sfgen");
    let ran = Command::new("sh")
        .args(["-c", &format!("ulimit -d {} && exec {program} {args}", most << 10)])
        .current_dir(workspace.path())
        .env("NO_COLOR", "1")
        // The allocator reserves addresses ahead, which count here though they are no memory until they are used.
        .env("MIMALLOC_ARENA_RESERVE", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    let start: String = said.chars().take(300).collect();
    assert!(ran.status.code().is_some(), "{args}: {:?}: {start}", ran.status);
    said
}

/// A topology of these files beside the one that includes them all.
fn topology(files: &[(&str, &str)]) -> Workspace {
    let workspace = Workspace::empty();
    workspace.write("topology.kdl", &format!("{HEAD}include \"p*\"\n"));
    for (path, text) in files {
        workspace.write(path, text);
    }
    workspace
}

/// Asserts that the largest topology of its kind is read, and not refused before its nodes are looked at.
fn is_read(what: &str, said: &str) {
    assert!(said.contains("no part of the language"), "{what}: {said}");
}

#[test]
fn nodes_and_strings_up_to_the_limits_take_less_than_300_mib() {
    let nodes = "a\n".repeat(56_000);
    let string = "x".repeat(FILE - nodes.len() - 20);
    let text = format!("{nodes}c \"{string}\"\n");
    let names: Vec<String> = (0..7).map(|n| format!("p{n}.kdl")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), text.as_str())).collect();
    is_read("nodes and strings", &within(MOST, &topology(&files), "check"));
}

#[test]
fn whatever_else_is_within_the_limits_leaves_room_for_all_text() {
    let nodes = "a 1\n".repeat(100_000);
    let tables = (0..49_000).map(|n| format!("a.b{n}.c=1\n")).collect::<Vec<_>>().concat();
    let values = format!("a=[{}]\n", "1,".repeat(190_000));
    let elements = format!("a=[[],{}]\n", "1,".repeat(95_000));
    for (what, files) in [
        ("properties", [("p1.kdl", &*nodes), ("p2.kdl", &*"a b=1\n".repeat(95_000))]),
        ("TOML tables", [("p1.kdl", &*nodes), ("p2.toml", &tables)]),
        ("TOML values", [("p1.kdl", &*nodes), ("p2.toml", &values)]),
        ("TOML nodes", [("p1.kdl", &*nodes), ("p2.toml", &elements)]),
    ] {
        is_read(what, &within(WITHOUT_TEXT, &topology(&files), "check"));
    }
}

#[test]
fn a_topology_beyond_the_limits_is_a_finding_and_takes_no_more() {
    for (what, name, text) in [
        ("nodes", "p.kdl", "a\n".repeat(FILE / 2)),
        ("nodes that are left out", "p.kdl", format!("/-a {{ {} }}", "b;".repeat(FILE / 2 - 10))),
        ("arguments", "p.kdl", format!("a{}", " 1".repeat(FILE / 2 - 10))),
        ("properties", "p.kdl", format!("a{}", " b=1".repeat(FILE / 4 - 10))),
        ("TOML values", "p.toml", format!("a=[{}]", "1,".repeat(FILE / 2 - 10))),
        ("TOML tables", "p.toml", format!("a{}\n", ".b=1\na".repeat(FILE / 6 - 10))),
        ("what is no TOML", "p.toml", "]".repeat(FILE)),
    ] {
        let said = within(WITHOUT_TEXT, &topology(&[(name, &text)]), "check");
        assert!(said.contains("SF0020") && said.contains("more than"), "{what}: {said}");
    }
}

#[test]
fn the_limit_on_nodes_holds_for_all_files_together() {
    let half = "party \"a\" {}\n".repeat(100_001);
    let workspace = topology(&[("p1.kdl", &half), ("p2.kdl", &half), ("p3.kdl", "=")]);
    let said = within(WITHOUT_TEXT, &workspace, "check --format json");
    assert_eq!(said.matches("SF0020").count(), 1, "{said}");
    assert!(said.contains("more than 400000 nodes and values"), "{said}");
}

#[test]
fn a_file_that_would_be_too_large_when_laid_out_is_left_as_it_is() {
    let workspace = Workspace::empty();
    let text = "a {".repeat(60) + "\n" + &"//\n".repeat(1_000_000) + &"}".repeat(60);
    workspace.write("topology.kdl", &text);
    let said = within(WITHOUT_TEXT, &workspace, "fmt topology.kdl");
    assert!(said.contains("SF0020") && said.contains("larger than 8 MiB"), "{said}");
    assert_eq!(workspace.read("topology.kdl"), text);
}
