//! What a new user meets in the first hour: commands outside a tree, files that are not there, names that nobody has.

use std::{fs, io::Read as _};

use nix::pty::{Winsize, openpty};

use crate::support::workspace::Workspace;

const TOPOLOGY: &str = include_str!("../../examples/two_parties/topology.kdl");

/// A folder with a topology under another name in a folder below.
fn below() -> Workspace {
    let ws = Workspace::empty();
    ws.write("sub/x.kdl", TOPOLOGY);
    ws
}

#[test]
fn a_topology_that_is_not_there_is_told_with_those_that_are() {
    let ws = below();
    ws.write("sub/parties.kdl", "party \"alice\" {}\n");
    for (args, code, help) in [
        (&["plan"][..], 1, "`sfgen plan sub/x.kdl`"),
        (&["check"], 1, "`sfgen check sub/x.kdl`"),
        (&["plan", "sub"], 1, "`sfgen plan sub/x.kdl`"),
        (&["check", "sub/y.kdl"], 1, "`sfgen check sub/x.kdl`"),
        (&["mv", "alice", "carol"], 1, "`sfgen mv alice carol sub/x.kdl`"),
        (&["fmt", "sub/y.kdl"], 1, "`sfgen fmt sub/x.kdl`"),
        (&["plan", "home"], 1, "`sfgen init home.kdl`"),
        (&["plan", "nowhere/topology.kdl"], 1, "`sfgen init nowhere/topology.kdl`"),
    ] {
        let ran = ws.run(args).status_is(code);
        assert!(ran.stderr.starts_with("SF0008"), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(help), "{args:?}: {}", ran.stderr);
    }
    fs::remove_dir_all(ws.join("sub")).unwrap();
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("write a first one with `sfgen init`"), "{}", ran.stderr);
    fs::create_dir(ws.join("jobs")).unwrap();
    ws.write("topology.kdl", TOPOLOGY);
    let mut inside = ws.command(&["plan", ".."]);
    let ran = inside.current_dir(ws.join("jobs")).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.starts_with("SF0008") && said.contains("`sfgen plan ../topology.kdl`"), "{said}");
    let mut inside = ws.command(&["plan"]);
    let ran = inside.current_dir(ws.join("jobs")).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("`sfgen plan ../topology.kdl`"), "{said}");
}

#[test]
fn what_programs_read_has_the_finding_too() {
    let ran = Workspace::empty().run(&["check", "--format", "json"]).status_is(1);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["findings"][0]["code"], "SF0008");
}

#[test]
fn helps_name_a_topology_that_would_not_be_found() {
    let ws = below();
    let ran = ws.run(&["plan", "sub/x.kdl"]).status_is(1);
    let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`sfgen keys new sub/x.kdl --party alice`"), "{said}");
    let json = ws.run(&["check", "sub/x.kdl", "--format", "json"]).status_is(1);
    assert!(json.stdout.contains("`sfgen keys new sub/x.kdl --party alice`"), "{}", json.stdout);
    // Where it would be found, its name is left out.
    ws.write("topology.kdl", TOPOLOGY);
    let ran = ws.run(&["plan", "topology.kdl"]).status_is(1);
    assert!(ran.stderr.contains("`sfgen keys new --party alice`"), "{}", ran.stderr);
}

#[test]
fn a_launch_without_a_tree_or_with_an_unknown_name_is_told_with_what_there_is() {
    let ws = Workspace::empty();
    for args in [
        &["run", "total", "--all"][..],
        &["run", "total", "--party", "alice"],
        &["apply", "--all"],
        &["apply", "--party", "alice", "--tree", "nowhere"],
    ] {
        let ran = ws.run(args).status_is(4);
        assert!(ran.stderr.starts_with("SF0890 error: there is no plan"), "{}", ran.stderr);
        assert!(ran.stderr.contains("`sfgen init`"), "{}", ran.stderr);
    }
    fs::create_dir(ws.join("generated")).unwrap();
    let ran = ws.run(&["run", "total", "--all"]).status_is(4);
    assert!(ran.stderr.starts_with("SF0890"), "{}", ran.stderr);

    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned();
    let ran = ws.run(&["run", "total", "--party", "carol"]).status_is(2);
    assert!(
        ran.stderr.starts_with("SF0886") && ran.stderr.contains("alice, bob"),
        "{}",
        ran.stderr
    );
    for whose in [&["--all"][..], &["--party", "alice"]] {
        let ran = ws.run(&[&["run", "nosuch"], whose].concat()).status_is(2);
        assert!(
            ran.stderr.starts_with("SF0829") && ran.stderr.contains("`total`"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn all_is_named_where_no_party_is() {
    let ws = Workspace::empty();
    for args in [&["run", "total"][..], &["apply"]] {
        let ran = ws.run(args).status_is(2);
        assert!(ran.stderr.contains("<--party <PARTY>|--all"), "{}", ran.stderr);
    }
    let ran = ws.run(&["apply", "--all", "--party", "alice"]).status_is(2);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
}

#[test]
fn no_message_has_the_number_of_an_error_of_the_system() {
    let ws = Workspace::empty();
    ws.write("file", "");
    for args in [
        &["plan", "file/topology.kdl"][..],
        &["init", "--yes", "file/topology.kdl"],
        &["plan", "--out", "/proc/x"],
        &["run", "total", "--all", "--tree", "file"],
        &["fmt", "nowhere"],
        &["demo", "--dir", "file/demo"],
        &["schema", "findings", "--out", "file/x"],
    ] {
        let ran = ws.run(args);
        assert!(ran.status != 0, "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("os error"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn keys_are_made_where_another_party_is_wrong_and_refused_where_this_one_is() {
    let ws = Workspace::empty();
    let broken = |party: &str| {
        let host = format!("host \"{party}-1\" address=\"127.0.0.1\"");
        TOPOLOGY.replace(&host, &format!("host \"{party}-1\" address="))
    };
    ws.write("topology.kdl", &broken("alice"));
    let ran = ws.run(&["keys", "new", "--party", "alice"]).status_is(1);
    assert!(ran.stderr.starts_with("SF0001"), "{}", ran.stderr);
    ws.run(&["keys", "new", "--party", "bob"]).success();
}

/// What the program says on a terminal of so many columns.
fn on_terminal(ws: &Workspace, columns: u16, args: &[&str]) -> String {
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(Some(&size), None).unwrap();
    let mut command = ws.command(args);
    let slave = || pty.slave.try_clone().unwrap();
    let mut child = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
    // The terminal ends when nobody has its other side.
    drop(command);
    drop(pty.slave);
    let mut said = Vec::new();
    let _ = fs::File::from(pty.master).read_to_end(&mut said); // its end is an error (EIO)
    child.wait().unwrap();
    String::from_utf8(said).unwrap().replace('\r', "")
}

#[test]
fn text_wraps_at_the_width_of_the_terminal() {
    let ws = Workspace::empty();
    ws.write("topology.kdl", &TOPOLOGY.replace("file=\"keys/bob/number\"", "\"31\""));
    let help = |columns| {
        let said = on_terminal(&ws, columns, &["check"]);
        let lines = said.lines().skip_while(|line| !line.starts_with("  help: on the machine"));
        let lines = lines.take_while(|line| !line.is_empty());
        lines.map(|line| line.chars().count()).collect::<Vec<_>>()
    };
    assert!(help(60).len() > 1 && help(60).iter().all(|width| *width <= 60), "{:?}", help(60));
    assert!(matches!(help(140)[..], [width] if width > 80), "{:?}", help(140));
}

#[test]
fn a_template_that_is_wrong_is_told_at_its_line() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]);
    ws.write("templates/PORTS.md.hbs", "# Ports\n{{nothing}}\n");
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.starts_with("SF0706"), "{}", ran.stderr);
    assert!(ran.stderr.contains("templates/PORTS.md.hbs:2:1"), "{}", ran.stderr);
}

#[test]
fn a_page_is_found_by_its_number_alone() {
    let ws = Workspace::empty();
    let page = ws.run(&["explain", "SF0506"]).success().stdout;
    for code in ["506", "0506", "sf506", "SF506", "sf0506"] {
        assert_eq!(ws.run(&["explain", code]).success().stdout, page);
    }
    let ran = ws.run(&["explain", "9999"]).status_is(2);
    assert!(ran.stderr.contains("there is no finding `9999`"), "{}", ran.stderr);
}

#[test]
fn the_version_has_the_commit_of_the_sources() {
    let git = |args: &[&str]| {
        let mut git = std::process::Command::new("git");
        let done = git.args(["-C", env!("CARGO_MANIFEST_DIR")]).args(args).output();
        done.is_ok_and(|done| done.status.success())
    };
    let said = Workspace::empty().run(&["--version"]).success().stdout;
    let release = env!("CARGO_PKG_VERSION");
    // Sources without a repository, as those of a packed crate, have no commit to tell.
    if !git(&["rev-parse", "HEAD"]) {
        assert!(said.starts_with(&format!("sfgen {release}")), "{said}");
        return;
    }
    let rest = said.strip_prefix(&format!("sfgen {release} (")).unwrap_or_default();
    let commit = rest.strip_suffix(")\n").unwrap_or_default();
    assert_eq!(commit.len(), 12, "{said}");
    // Somebody may commit between the build and the test.
    assert!(git(&["merge-base", "--is-ancestor", commit, "HEAD"]), "{said}");
}
