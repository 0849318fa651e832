//! A lock that is lost, cut short or in conflict never renumbers a port in silence.

use std::fs;

use crate::{golden, support::workspace::Workspace};

fn planned() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

#[test]
fn a_lock_that_is_lost_beside_a_tree_stops_every_plan() {
    let ws = planned();
    let files = ws.files("generated");
    fs::remove_file(ws.join("sfgen.lock")).unwrap();
    for command in [&["plan"][..], &["plan", "--check"], &["plan", "--dry-run"], &["check"]] {
        let ran = ws.run(command).status_is(1);
        let stderr = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            stderr.starts_with("SF0607") && stderr.contains("git restore sfgen.lock"),
            "{stderr}"
        );
    }
    assert!(!ws.join("sfgen.lock").exists());
    assert_eq!(ws.files("generated"), files);
    fs::remove_dir_all(ws.join("generated")).unwrap();
    ws.run(&["plan"]).success();
}

#[test]
fn a_tree_elsewhere_is_asked_where_it_is() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]);
    ws.run(&["plan", "--out", "tree"]).success();
    fs::remove_file(ws.join("sfgen.lock")).unwrap();
    let ran = ws.run(&["plan", "--out", "tree", "--format", "json"]).status_is(1);
    assert!(ran.stdout.contains("SF0607"), "{}", ran.stdout);
    ws.run(&["plan", "--out", "other", "--dry-run"]).success();
}

#[test]
fn a_lost_lock_is_made_again_from_the_tree() {
    let ws = planned();
    // Numbers that no plan would give again: those of a party that came before the others and left.
    let first = u32::from(ws.ports.first);
    ws.edit("sfgen.lock", |text| {
        let shift =
            |text: String, port: u32| text.replace(&port.to_string(), &(port + 100).to_string());
        (first..first + 100).fold(text.to_owned(), shift)
    });
    ws.run(&["plan"]).success();
    let (lock, files) = (ws.read("sfgen.lock"), ws.files("generated"));
    fs::remove_file(ws.join("sfgen.lock")).unwrap();
    ws.run(&["plan", "--lock-from-tree", "--check"]).status_is(3);
    ws.run(&["plan", "--lock-from-tree"]).success();
    assert_eq!(ws.read("sfgen.lock"), lock);
    assert_eq!(ws.files("generated"), files);

    let there = ws.run(&["plan", "--lock-from-tree"]).status_is(2);
    assert!(there.stderr.contains("`sfgen.lock` is there"), "{}", there.stderr);
    fs::remove_file(ws.join("sfgen.lock")).unwrap();
    ws.edit("generated/alice/plan.json", |text| text.replace("127.0.0.1", "127.0.0.2"));
    let edited = ws.run(&["plan", "--lock-from-tree"]).status_is(1);
    assert!(edited.stderr.contains("not as they were written"), "{}", edited.stderr);
    fs::remove_dir_all(ws.join("generated")).unwrap();
    let absent = ws.run(&["plan", "--lock-from-tree"]).status_is(2);
    assert!(absent.stderr.contains("no tree in `generated`"), "{}", absent.stderr);
}

#[test]
fn a_port_that_the_lock_has_forgotten_is_said_to_move() {
    let ws = planned();
    let lock = ws.read("sfgen.lock");
    let kept = lock.lines().filter(|line| !line.contains("bob-1/control")).collect::<Vec<_>>();
    let pool = ws.ports.first + 30;
    let text = kept.join("\n");
    ws.write(
        "sfgen.lock",
        &format!("{text}\n\"gone/gone-1/control\" = [{0}, {pool}]\n", ws.ports.first),
    );
    let ran = ws.run(&["plan", "--dry-run"]).success();
    let line = ran.stdout.lines().find(|line| line.contains("bob/bob-1/control moves")).unwrap();
    assert!(line.contains("which the lock has forgotten"), "{line}");
}

#[test]
fn the_tree_of_each_example_names_every_port_of_its_lock() {
    for name in golden::EXAMPLES {
        let folder =
            camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        let tree = sfgen::output::TreePorts::read(&folder.join("generated")).unwrap().unwrap();
        assert!(tree.is_whole);
        let lock = fs::read_to_string(folder.join("sfgen.lock")).unwrap();
        assert_eq!(tree.to_lock().to_text(), lock, "{name}");
    }
}
