//! `sfgen plan`: what it writes, keeps and refuses.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    process::Stdio,
};

use crate::support::workspace::Workspace;

const CAROL: &str = r#"
party "carol" {
    host "carol-1" address="127.0.0.1"
    identity ca="pki/carol/ca.pem" cert="pki/carol/node.pem" key="keys/carol/node.key"
}
"#;

fn two_parties() -> Workspace {
    unplanned().planned()
}

/// Two parties whose numbers are in the topology, so that one file of the tree changes with them.
fn unplanned() -> Workspace {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]);
    ws.edit("topology.kdl", |text| {
        text.replace("file=\"keys/alice/number\"", "11").replace("file=\"keys/bob/number\"", "31")
    });
    ws
}

/// As after a cut: the files are new, what would be written was put down, the manifest itself is the old one.
fn cut_off_before_the_manifest(ws: &Workspace, old_manifest: &str) {
    let manifest: serde_json::Value =
        serde_json::from_str(&ws.read("generated/manifest.json")).unwrap();
    let files = manifest["files"].as_object().unwrap().iter();
    let pending: serde_json::Map<_, _> =
        files.map(|(path, file)| (path.clone(), serde_json::json!([file["sha256"]]))).collect();
    let pending = serde_json::json!({ "files": pending }).to_string();
    ws.write("generated/.manifest.json.next", &pending);
    ws.write("generated/manifest.json", old_manifest);
}

#[test]
fn planning_twice_gives_the_same_bytes_and_touches_nothing() {
    let ws = two_parties();
    let before = ws.files("generated");
    let written = fs::metadata(ws.join("generated/manifest.json")).unwrap().modified().unwrap();
    let again = ws.run(&["plan"]).success();
    assert!(again.stdout.starts_with("nothing changed; plan "), "{}", again.stdout);
    assert_eq!(ws.files("generated"), before);
    let still = fs::metadata(ws.join("generated/manifest.json")).unwrap().modified().unwrap();
    assert_eq!(still, written);
    ws.run(&["plan", "--check"]).success();
}

#[test]
fn planning_in_another_folder_gives_the_same_bytes() {
    let ws = two_parties();
    let other = Workspace::empty();
    for (path, bytes) in ws.files("") {
        if !path.starts_with("generated/") && !path.starts_with("sfgen.lock") {
            other.write(&path, str::from_utf8(&bytes).unwrap());
        }
    }
    other.run(&["plan"]).success();
    assert_eq!(other.files("generated"), ws.files("generated"));
    assert_eq!(other.read("sfgen.lock"), ws.read("sfgen.lock"));
}

#[test]
fn another_party_moves_no_port_and_touches_no_file_of_those_it_does_not_meet() {
    let ws = two_parties();
    let (lock, files) = (ws.read("sfgen.lock"), ws.files("generated"));
    // A name before the others in the alphabet would make no difference: the lock keeps their numbers.
    ws.edit("topology.kdl", |text| format!("{text}{}", CAROL.replace("carol", "aaron")));
    ws.run(&["keys", "new", "--party", "aaron"]).success();
    ws.run(&["plan"]).success();
    let grown = ws.read("sfgen.lock");
    for line in lock.lines() {
        assert!(grown.lines().any(|other| other == line), "{line} moved");
    }
    let after = ws.files("generated");
    for (path, bytes) in files {
        let shared = ["PORTS.md", "federation.json", "manifest.json"].contains(&path.as_str());
        let same = after.iter().find(|(other, _)| *other == path).unwrap().1 == bytes;
        assert!(same || shared || path.ends_with("plan.json"), "{path} changed");
    }
}

#[test]
fn the_ports_of_a_removed_party_stay_reserved_until_they_are_pruned() {
    let ws = two_parties();
    let full = ws.read("topology.kdl");
    ws.edit("topology.kdl", |text| format!("{text}{CAROL}"));
    ws.run(&["keys", "new", "--party", "carol"]).success();
    ws.run(&["plan"]).success();
    ws.write("topology.kdl", &full);
    ws.run(&["plan"]).success();
    assert!(ws.read("sfgen.lock").contains("carol/carol-1/control"));
    assert!(!ws.join("generated/carol").exists(), "files that are no longer planned go");
    ws.run(&["plan", "--prune"]).success();
    assert!(!ws.read("sfgen.lock").contains("carol"));
}

#[test]
fn a_stale_tree_is_status_3_for_ci_and_a_dry_run_writes_nothing() {
    let ws = two_parties();
    let before = ws.files("");
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 31", "\"bob\" 32"));
    let checked = ws.run(&["plan", "--check"]).status_is(3);
    assert!(checked.stdout.contains("~ bob/plan.json"), "{}", checked.stdout);
    let dry = ws.run(&["plan", "--dry-run", "--diff"]).success();
    assert!(dry.stdout.contains("-      \"input\": 31\n+      \"input\": 32\n"), "{}", dry.stdout);
    let changed = ws.files("");
    let unchanged = before.iter().filter(|(path, _)| path != "topology.kdl");
    assert!(unchanged.clone().all(|file| changed.contains(file)) && changed.len() == before.len());
}

#[test]
fn a_locked_plan_fails_instead_of_changing_the_lock() {
    let ws = two_parties();
    ws.edit("topology.kdl", |text| text.replace("kind=\"sum\"", "kind=\"sum\" slots=20"));
    let before = ws.files("generated");
    let ran = ws.run(&["plan", "--locked"]).status_is(3);
    assert!(ran.stderr.contains("the lock would change"), "{}", ran.stderr);
    assert_eq!(ws.files("generated"), before);
}

#[test]
fn files_of_others_in_the_tree_survive() {
    let ws = two_parties();
    ws.write("generated/alice/notes.txt", "mine");
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 31", "\"bob\" 32"));
    ws.run(&["plan"]).success();
    assert_eq!(ws.read("generated/alice/notes.txt"), "mine");
}

#[test]
fn a_file_edited_by_hand_is_named_and_kept() {
    let ws = two_parties();
    ws.edit("generated/alice/RUNBOOK.md", |text| format!("{text}call bob\n"));
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 31", "\"bob\" 32"));
    let ran = ws.run(&["plan"]).status_is(3);
    assert!(
        ran.stderr.contains("SF0703") && ran.stderr.contains("alice/RUNBOOK.md"),
        "{}",
        ran.stderr
    );
    assert!(ws.read("generated/alice/RUNBOOK.md").ends_with("call bob\n"));
    ws.run(&["plan", "--overwrite"]).success();
    assert!(!ws.read("generated/alice/RUNBOOK.md").contains("call bob"));
}

#[test]
fn a_file_of_somebody_else_where_ours_would_go_is_not_replaced() {
    let ws = unplanned();
    ws.write("generated/PORTS.md", "mine");
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("SF0702"), "{}", ran.stderr);
    assert_eq!(ws.read("generated/PORTS.md"), "mine");
}

#[test]
fn nothing_is_written_into_a_tree_with_a_private_key_or_through_a_link() {
    let ws = two_parties();
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 31", "\"bob\" 32"));
    fs::copy(ws.join("keys/alice/node.key"), ws.join("generated/alice/node.key")).unwrap();
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("SF0701"), "{}", ran.stderr);
    fs::remove_file(ws.join("generated/alice/node.key")).unwrap();
    fs::rename(ws.join("generated/bob"), ws.join("elsewhere")).unwrap();
    symlink(ws.join("elsewhere"), ws.join("generated/bob")).unwrap();
    let before = ws.files("elsewhere");
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("SF0704"), "{}", ran.stderr);
    assert_eq!(ws.files("elsewhere"), before);
}

#[test]
fn a_private_key_is_found_in_the_tree_whatever_its_form_its_size_and_its_name() {
    let ws = two_parties();
    let pem = ws.read("keys/alice/node.key");
    let der = rcgen::KeyPair::from_pem(&pem).unwrap().serialize_der();
    let name = |bytes: &[u8]| ws.join("generated").join(OsStr::from_bytes(bytes));
    let large = "x".repeat(3 << 20) + &pem;
    let cases = [
        (name(b"alice/key.bin"), der, "SF0701"),
        (name(b"alice/backup"), large.into_bytes(), "SF0701"),
        (name(b".sfgen-key"), pem.clone().into_bytes(), "SF0701"),
        (name(b"alice/node\xff.key"), pem.into_bytes(), "SF0704"),
    ];
    for (path, bytes, code) in cases {
        fs::write(&path, bytes).unwrap();
        for arguments in [&["plan"][..], &["plan", "--check"]] {
            let ran = ws.run(arguments).status_is(1);
            assert!(ran.stderr.contains(code), "{}: {}", path.display(), ran.stderr);
        }
        fs::remove_file(path).unwrap();
    }
    fs::File::create(ws.join("generated/huge")).unwrap().set_len(1 << 40).unwrap();
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("too large to be searched"), "{}", ran.stderr);
}

#[test]
fn a_write_that_was_cut_off_is_finished_by_the_next_plan() {
    let ws = two_parties();
    let old_manifest = ws.read("generated/manifest.json");
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 31", "\"bob\" 32"));
    ws.run(&["plan"]).success();
    cut_off_before_the_manifest(&ws, &old_manifest);
    ws.write("generated/bob/.sfgen-abc123", "half");
    // Even with a different topology, half-written files are known to be ours.
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 32", "\"bob\" 33"));
    ws.run(&["plan"]).success();
    assert!(ws.read("generated/bob/plan.json").contains("\"input\": 33"));
    assert!(!ws.join("generated/.manifest.json.next").exists());
    assert!(!ws.join("generated/bob/.sfgen-abc123").exists());
    ws.run(&["plan", "--check"]).success();
}

#[test]
fn what_a_power_cut_leaves_of_files_is_written_again() {
    let ws = two_parties();
    let before = ws.files("generated");
    ws.write("generated/alice/plan.json", "");
    ws.write("generated/bob/RUNBOOK.md", "\0\0\0");
    fs::remove_file(ws.join("generated/PORTS.md")).unwrap();
    ws.run(&["apply", "--party", "alice"]).status_is(4);
    ws.run(&["plan", "--check"]).status_is(3);
    ws.run(&["plan"]).success();
    assert_eq!(ws.files("generated"), before);
}

#[test]
fn a_file_that_was_being_created_when_the_write_was_cut_off_is_written_again() {
    let ws = two_parties();
    let old_manifest = ws.read("generated/manifest.json");
    ws.edit("topology.kdl", |text| format!("{text}{CAROL}"));
    ws.run(&["keys", "new", "--party", "carol"]).success();
    ws.run(&["plan"]).success();
    let whole = ws.files("generated");
    cut_off_before_the_manifest(&ws, &old_manifest);
    ws.edit("generated/carol/plan.json", |text| text[..text.len() / 2].to_owned());
    ws.run(&["plan"]).success();
    assert_eq!(ws.files("generated"), whole);
}

#[test]
fn a_manifest_of_the_first_format_is_read_and_what_it_lists_asks_for_the_most_when_it_goes() {
    let ws = two_parties();
    ws.edit("topology.kdl", |text| format!("{text}{CAROL}"));
    ws.run(&["keys", "new", "--party", "carol"]).success();
    ws.run(&["plan"]).success();
    ws.edit("generated/manifest.json", |text| {
        let mut manifest: serde_json::Value = serde_json::from_str(text).unwrap();
        manifest["format"] = 1.into();
        for file in manifest["files"].as_object_mut().unwrap().values_mut() {
            file.as_object_mut().unwrap().remove("effect").expect("format 2 has effects");
        }
        manifest.to_string()
    });
    ws.edit("topology.kdl", |text| text.replace(CAROL, ""));
    let ran = ws.run(&["plan", "--format", "json"]).success();
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let files = report["files"].as_array().unwrap();
    let gone: Vec<_> = files.iter().filter(|file| file["change"] == "removed").collect();
    assert!(!gone.is_empty() && gone.iter().all(|file| file["effect"] == "install"), "{gone:?}");
    assert!(ws.read("generated/manifest.json").contains("\"format\": 2"));
}

#[test]
fn of_two_plans_at_once_the_second_says_so_and_stops() {
    let ws = two_parties();
    let folder = fs::File::open(ws.path()).unwrap();
    folder.lock().unwrap();
    let ran = ws.run(&["plan"]).status_is(4);
    assert!(ran.stderr.contains("another `sfgen` is writing"), "{}", ran.stderr);
    folder.unlock().unwrap();
    ws.run(&["plan"]).success();
}

#[test]
fn the_report_for_programs_names_the_plan_and_every_changed_file() {
    let ws = two_parties();
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 31", "\"bob\" 32"));
    let ran = ws.run(&["plan", "--format", "json"]).success();
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["plan"].as_str().unwrap().len(), 64);
    assert_eq!(report["files"][0]["path"], "bob/plan.json");
    assert_eq!(report["files"][0]["party"], "bob");
    assert_eq!(report["files"][0]["effect"], "restart");
    assert_eq!(report["files"].as_array().unwrap().len(), 1);
}

#[test]
fn private_keys_are_for_their_owner_alone_and_are_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let ws = Workspace::example("two_parties").with_keys(&["alice"]);
    for key in ["keys/alice/node.key", "keys/alice/node-ca.key"] {
        let mode = fs::metadata(ws.join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    let before = ws.files("keys");
    let ran = ws.run(&["keys", "new", "--party", "alice"]).status_is(4);
    assert!(ran.stderr.contains("SF0510"), "{}", ran.stderr);
    assert_eq!(ws.files("keys"), before);
}

#[test]
fn keys_are_made_wherever_the_party_and_its_address_are_written() {
    let ws = Workspace::empty();
    let party = |name: &str, host: &str| {
        format!(
            "party \"{name}\" {{\n    {host}\n    identity ca=\"pki/{name}/ca.pem\" cert=\"pki/{name}/node.pem\" key=\"keys/{name}/node.key\"\n}}\n"
        )
    };
    ws.write(
        "topology.kdl",
        "topology \"t\" mode=\"production\"\nruntime \"embedded\"\ninclude \"parties/*.kdl\"\n",
    );
    // alice's file is named after her and tells all, bob's needs another, carol's has another's name.
    ws.write("parties/alice.kdl", &party("alice", "host \"m\" address=\"10.0.0.1\""));
    ws.write("parties/bob.kdl", &party("bob", "host \"m\""));
    ws.write("parties/c.kdl", &party("carol", "host \"n\" address=\"10.0.0.2\""));
    for (name, address) in [("alice", "10.0.0.1"), ("bob", "10.0.0.1"), ("carol", "10.0.0.2")] {
        let ran = ws.run(&["keys", "new", "--party", name]).success();
        let made = format!("{name}: a certificate for {address}, ");
        assert!(ran.stdout.starts_with(&made), "{}", ran.stdout);
    }
    let ran = ws.run(&["keys", "new", "--party", "dave"]).status_is(1);
    assert!(ran.stderr.contains("there is no party `dave`"), "{}", ran.stderr);
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_no_crash() {
    let ws = two_parties();
    ws.edit("topology.kdl", |text| text.replace("\"bob\" 31", "\"bob\" 32"));
    let mut child =
        ws.command(&["plan"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn a_topology_of_production_is_planned_as_a_simulation_in_which_nobody_has_a_job_to_agree_on() {
    let workspace = Workspace::example("two_parties");
    workspace.run(&["check"]).status_is(1);
    workspace.run(&["check", "--mode", "simulation"]).success();
    workspace.run(&["plan", "--mode", "simulation"]).success();
    assert!(workspace.read("generated/federation.json").contains("\"mode\": \"simulation\""));
    let refused = workspace.run(&["run", "total", "--party", "alice"]).status_is(2);
    assert!(refused.stderr.contains("SF0898"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--mode production"), "{}", refused.stderr);
}
