//! Templates of the user, in `templates/` beside the topology.

use std::os::unix::fs::symlink;

use crate::support::workspace::Workspace;

/// Two planned parties.
fn parties() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

const ALL: [&str; 10] = [
    "PORTS.host.md.hbs",
    "PORTS.md.hbs",
    "party/RUNBOOK.md.hbs",
    "party/host/docker/Dockerfile.hbs",
    "party/host/docker/compose.yaml.hbs",
    "party/host/firewall.nft.hbs",
    "party/host/party.env.hbs",
    "party/host/systemd/job.socket.hbs",
    "party/host/systemd/party.target.hbs",
    "party/host/systemd/unit.service.hbs",
];

#[test]
fn what_is_ejected_plans_the_same_files() {
    let ws = parties();
    let names: Vec<&str> = ALL.into();
    let listed = ws.run(&["templates", "list"]).success().stdout;
    let mut told: Vec<_> = listed.lines().filter(|line| !line.starts_with(' ')).collect();
    told.sort_unstable();
    assert_eq!(told, names, "{listed}");
    assert!(!listed.contains("replaced by"), "{listed}");
    let before = ws.read("generated/alice/alice-1/firewall.nft");
    for name in &names {
        let ran = ws.run(&["templates", "eject", name]).success();
        assert_eq!(ran.stdout, format!("+ templates/{name}\n"));
    }
    let plan = ws.run(&["plan"]).success().stdout;
    for name in &names {
        assert!(
            plan.contains(&format!("made with the topology's own template {name}\n")),
            "{plan}"
        );
    }
    assert!(!plan.contains("  ~ "), "no file of the tree changes: {plan}");
    assert_eq!(ws.read("generated/alice/alice-1/firewall.nft"), before);
    let listed = ws.run(&["templates", "list"]).success().stdout;
    assert_eq!(listed.matches(", replaced by templates/").count(), names.len(), "{listed}");
    ws.write("templates/PORTS.md.hbs", "mine\n");
    let again = ws.run(&["templates", "eject", "PORTS.md.hbs"]).status_is(2);
    assert!(again.stderr.contains("`templates/PORTS.md.hbs` is there already"), "{}", again.stderr);
    assert_eq!(ws.read("templates/PORTS.md.hbs"), "mine\n", "nothing is overwritten");
}

#[test]
fn what_is_shown_is_a_template_that_explains_its_variables() {
    let ws = parties();
    for name in ALL {
        let shown = ws.run(&["templates", "show", name]).success().stdout;
        assert!(shown.starts_with("{{!--\n"), "{shown}");
        ws.write(&format!("templates/{name}"), &shown);
    }
    let plan = ws.run(&["plan"]).success().stdout;
    assert!(!plan.contains("  ~ "), "no file of the tree changes: {plan}");
    let shown = ws.run(&["templates", "show", "party/RUNBOOK.md.hbs"]).success().stdout;
    for line in [
        "  party (text): The party.\n",
        "  identity (group, or nothing): Its certificates and its key.\n    ca (text): ",
        "  hosts (list of group): Its hosts.\n    name (text): Its name.\n",
        "Helpers that write a value for a format: sh, ",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let unknown = ws.run(&["templates", "show", "RUNBOOK.md.hbs"]).status_is(2);
    assert!(unknown.stderr.contains("did you mean `party/RUNBOOK.md.hbs`?"), "{}", unknown.stderr);
}

#[test]
fn reviewers_see_in_the_manifest_which_templates_are_the_topology_s_own() {
    let ws = parties();
    let digest = || {
        let manifest: serde_json::Value =
            serde_json::from_str(&ws.read("generated/manifest.json")).unwrap();
        (manifest["plan"].clone(), manifest["templates"]["party/RUNBOOK.md.hbs"].clone())
    };
    let (plan, none) = digest();
    assert!(none.is_null());
    ws.write("templates/party/RUNBOOK.md.hbs", "Call {{md party}}.\n");
    ws.run(&["plan"]).success();
    assert_eq!(ws.read("generated/alice/RUNBOOK.md"), "Call alice.\n");
    let (same, first) = digest();
    assert_eq!(same, plan, "peers compare what they share, and no text");
    assert!(first.is_string());
    // What is made does not change, the template does.
    ws.write("templates/party/RUNBOOK.md.hbs", "{{!-- why --}}Call {{md party}}.\n");
    ws.run(&["plan", "--check"]).status_is(3);
    ws.run(&["plan"]).success();
    assert_ne!(digest().1, first);
    ws.run(&["plan", "--check"]).success();
    std::fs::remove_dir_all(ws.path().join("templates")).unwrap();
    ws.run(&["plan"]).success();
    assert!(digest().1.is_null());
}

#[test]
fn every_mistake_of_a_template_is_told_at_its_place_with_what_exists() {
    let ws = parties();
    ws.write(
        "templates/party/RUNBOOK.md.hbs",
        "# {{md prty}}\n{{#if simulation}}\n  {{nothing}} {{mdd party}}\n{{/if}}\n",
    );
    ws.write("templates/PORTS.md.hbs", "{{#each tables}}\n{{party}\n");
    for command in ["plan", "check"] {
        let ran = ws.run(&[command]).status_is(1);
        for (place, message, help) in [
            (
                "templates/party/RUNBOOK.md.hbs:1:3",
                "no variable `prty` here",
                "did you mean `party`?",
            ),
            // No party of this topology simulates: the branch is not filled in, and told all the same.
            (
                "templates/party/RUNBOOK.md.hbs:3:3",
                "no variable `nothing` here",
                "there are: party, ",
            ),
            ("templates/party/RUNBOOK.md.hbs:3:15", "no helper `mdd` here", "did you mean `md`?"),
            ("templates/PORTS.md.hbs:2:", "this is no template", "close each `{{`"),
        ] {
            for text in [place, message, help] {
                assert!(ran.stderr.contains(text), "{text}: {}", ran.stderr);
            }
        }
        assert_eq!(ran.stderr.matches("SF0706").count(), 4, "{}", ran.stderr);
    }
}

#[test]
fn a_value_that_is_missing_is_told_at_its_place() {
    let ws = parties();
    ws.write("templates/party/RUNBOOK.md.hbs", "ok\n- {{md runtime.version}}\n");
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("templates/party/RUNBOOK.md.hbs:2:3"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`runtime.version` has no value here"), "{}", ran.stderr);
}

#[test]
fn a_file_that_replaces_nothing_is_told() {
    let ws = parties();
    ws.write("templates/RUNBOOK.md.hbs", "x");
    ws.write("templates/party/notes/readme.txt", "x");
    ws.write("templates/party/.gitkeep", "");
    let ran = ws.run(&["plan"]).status_is(1);
    assert_eq!(ran.stderr.matches("SF0790").count(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("`templates/party/RUNBOOK.md.hbs`"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("`templates/party/notes/readme.txt` replaces no"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_template_for_machines_may_add_lines_and_take_none_away() {
    let ws = parties();
    let name = "templates/party/host/firewall.nft.hbs";
    ws.run(&["templates", "eject", "party/host/firewall.nft.hbs"]).success();
    let own = ws.read(name);
    let loopback = "        iifname \"lo\" accept\n";
    assert!(own.contains(loopback));
    let proxy = "        ip saddr 203.0.113.7 accept\n";
    ws.write(name, &own.replace(loopback, &format!("{loopback}{proxy}")));
    ws.run(&["plan"]).success();
    assert!(ws.read("generated/alice/alice-1/firewall.nft").contains(proxy));
    ws.write(name, &own.replace(loopback, ""));
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.starts_with("SF0791"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`iifname \"lo\" accept`"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("{name}:1:1")), "{}", ran.stderr);
}

#[test]
fn nothing_outside_the_folder_of_the_topology_is_read_as_a_template() {
    let ws = parties();
    let outside = Workspace::empty();
    outside.write("RUNBOOK.md.hbs", "a secret of this machine");
    std::fs::create_dir_all(ws.path().join("templates/party")).unwrap();
    let link = ws.path().join("templates/party/RUNBOOK.md.hbs");
    symlink(outside.path().join("RUNBOOK.md.hbs"), &link).unwrap();
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("a link leads out of the folder"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("a secret"), "{}", ran.stderr);
    std::fs::remove_dir_all(ws.path().join("templates")).unwrap();
    symlink(outside.path(), ws.path().join("templates")).unwrap();
    let ran = ws.run(&["plan"]).status_is(1);
    assert!(ran.stderr.contains("`templates`"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("a secret"), "{}", ran.stderr);
}
