//! Certificates made again: what is said of keys that are lost, elsewhere or for another address, and the printed command
//! followed to the letter.

use std::fs;

use crate::support::workspace::{Ran, Workspace};

fn made() -> Workspace {
    Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned()
}

/// The command in the help of what was said that begins so, run as it is printed.
#[track_caller]
fn follow(ws: &Workspace, said: &str, begins: &str) -> Ran {
    let text = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let command = text.split('`').find(|part| part.starts_with(begins));
    let command = command.unwrap_or_else(|| panic!("no `{begins}` in:\n{said}"));
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    ws.run(&words)
}

/// The whole of what was said in one line.
fn flat(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn another_address_needs_one_command_and_no_new_ca() {
    let ws = made();
    let (ca, key) = (ws.read("pki/alice/ca.pem"), ws.read("keys/alice/node.key"));
    ws.edit("topology.kdl", |text| {
        text.replacen("127.0.0.1", "localhost", 1).replace("127.0.0.1", "localhost")
    });
    let said = ws.run(&["plan"]).status_is(1).stderr;
    assert_eq!(said.matches("SF0506").count(), 2, "{said}");
    for party in ["alice", "bob"] {
        let done = follow(&ws, &said, &format!("sfgen keys renew --party {party}")).success();
        assert!(
            done.stdout.contains(&format!("{party}: a certificate for localhost")),
            "{}",
            done.stdout
        );
    }
    ws.run(&["plan"]).success();
    assert_eq!(ws.read("pki/alice/ca.pem"), ca);
    assert_eq!(ws.read("keys/alice/node.key"), key);
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum 42\n");
}

#[test]
fn a_lost_key_is_told_before_the_start_and_made_again_by_the_printed_command() {
    let ws = made();
    fs::remove_file(ws.join("keys/alice/node.key")).unwrap();
    let ran = ws.run(&["apply", "--party", "alice"]);
    assert_ne!(ran.status, 0);
    let said = ran.stdout + &ran.stderr;
    assert_eq!(said.matches("SF0846").count(), 1, "{said}");
    follow(&ws, &said, "sfgen keys renew --party alice").success();
    ws.run(&["plan"]).success();
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum 42\n");
}

#[test]
fn files_that_are_there_are_all_named_with_what_to_do_about_them() {
    let ws = made();
    let before = (ws.files("keys"), ws.files("pki"));
    let ran = ws.run(&["keys", "new", "--party", "alice"]).status_is(4);
    let said = flat(&ran.stderr);
    for file in
        ["pki/alice/ca.pem", "pki/alice/node.pem", "keys/alice/node.key", "keys/alice/node-ca.key"]
    {
        assert!(said.contains(&format!("`{file}`")), "{said}");
    }
    assert!(said.starts_with("SF0510 "), "{said}");
    assert_eq!((ws.files("keys"), ws.files("pki")), before);
    follow(&ws, &said, "sfgen keys renew --party alice").success();
    ws.run(&["plan"]).success();
    let ran = follow(&ws, &said, "sfgen keys new --party alice --replace").success();
    assert!(
        ran.stdout.contains("`keys/alice/node-ca.key` is `keys/alice/node-ca.key.old` now"),
        "{}",
        ran.stdout
    );
    ws.run(&["plan"]).success();
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum 42\n");
}

#[test]
fn on_a_second_machine_without_keys_the_printed_command_makes_a_party_that_works() {
    let ws = made();
    for party in ["alice", "bob"] {
        for key in ["node.key", "node-ca.key"] {
            fs::remove_file(ws.join(&format!("keys/{party}/{key}"))).unwrap();
        }
    }
    // What the launcher says, and what the command says that one would think of first.
    let ran = ws.run(&["apply", "--party", "alice"]);
    let before_start = ran.stdout + &ran.stderr;
    assert_eq!(before_start.matches("SF0846").count(), 1, "{before_start}");
    let new = ws.run(&["keys", "new", "--party", "alice"]).status_is(4).stderr;
    assert!(
        flat(&new).contains("`pki/alice/ca.pem` and `pki/alice/node.pem` exist already"),
        "{new}"
    );
    let renew = ws.run(&["keys", "renew", "--party", "alice"]).status_is(4).stderr;
    assert!(
        flat(&renew).contains("SF0555 error: `keys/alice/node-ca.key` is not there"),
        "{renew}"
    );
    for said in [&before_start, &new, &renew] {
        assert!(flat(said).contains("`sfgen keys new --party alice --replace`"), "{said}");
    }
    follow(&ws, &before_start, "sfgen keys new --party alice --replace").success();
    let bob = ws.run(&["apply", "--party", "bob"]);
    follow(&ws, &(bob.stdout + &bob.stderr), "sfgen keys new --party bob --replace").success();
    ws.run(&["plan"]).success();
    assert_eq!(ws.run(&["run", "total", "--all"]).success().stdout, "sum 42\n");
}

#[test]
fn a_lost_certificate_is_signed_again() {
    let ws = made();
    fs::remove_file(ws.join("pki/alice/node.pem")).unwrap();
    let said = ws.run(&["plan"]).status_is(1).stderr;
    assert_eq!(said.matches("SF0502").count(), 1, "{said}");
    follow(&ws, &said, "sfgen keys renew --party alice").success();
    ws.run(&["plan"]).success();
}

#[test]
fn the_command_names_the_topology_that_was_named() {
    let ws = made();
    fs::rename(ws.join("topology.kdl"), ws.join("two parties.kdl")).unwrap();
    let said = ws.run(&["keys", "new", "two parties.kdl", "--party", "alice"]).status_is(4).stderr;
    assert!(flat(&said).contains("`sfgen keys renew 'two parties.kdl' --party alice`"), "{said}");
}

#[test]
fn an_unknown_party_is_told_with_those_that_there_are() {
    let ws = made();
    for verb in ["new", "renew"] {
        let said = ws.run(&["keys", verb, "--party", "bobb"]).status_is(1).stderr;
        assert_eq!(
            flat(&said),
            "SF0101 error: there is no party `bobb` in `topology.kdl` help: did you mean `bob`? declared parties: `alice`, `bob`"
        );
    }
}

#[test]
fn no_key_is_made_where_another_party_has_its_files() {
    let ws = Workspace::example("two_parties").with_keys(&["bob"]);
    let before = (ws.files("keys"), ws.files("pki"));
    let good = ws.read("topology.kdl");
    for (own, theirs, names) in [
        ("pki/alice/ca.pem", "pki/bob/ca.pem", "pki/bob/ca.pem"),
        ("pki/alice/node.pem", "./pki/bob/node.pem", "./pki/bob/node.pem"),
        ("keys/alice/node.key", "pki/bob/node.pem", "pki/bob/node.pem"),
        ("keys/alice/node.key", "keys/bob/node.key", "keys/bob/node.key"),
    ] {
        ws.write("topology.kdl", &good.replace(own, theirs));
        for replace in [&[][..], &["--replace"]] {
            let mut args = vec!["keys", "new", "--party", "alice"];
            args.extend(replace);
            let said = ws.run(&args).status_is(1).stderr;
            assert_eq!(said.matches("SF0557").count(), 1, "{said}");
            let told = format!("`{names}` of `alice` is a file of `bob`");
            assert!(flat(&said).contains(&told), "{said}");
        }
        assert_eq!((ws.files("keys"), ws.files("pki")), before, "{own}");
    }
}

#[test]
fn another_partys_file_is_read_where_it_names_such_a_path() {
    let ws = Workspace::empty();
    ws.write(
        "topology.kdl",
        "topology \"t\" mode=\"production\"\nruntime \"embedded\"\ninclude \"parties/*.kdl\"\n",
    );
    let party = |name: &str, folder: &str, address: &str| {
        let text = format!(
            "party \"{name}\" {{\n    host \"{name}-1\" address=\"{address}\"\n    identity ca=\"pki/{folder}/ca.pem\" cert=\"pki/{folder}/node.pem\" key=\"keys/{name}/node.key\"\n}}\n"
        );
        ws.write(&format!("parties/{name}.kdl"), &text);
    };
    party("alice", "shared", "10.0.0.1");
    party("bob", "shared", "10.0.0.2");
    let said = ws.run(&["keys", "new", "--party", "alice"]).status_is(1).stderr;
    assert!(said.contains("SF0557") && said.contains("parties/bob.kdl"), "{said}");
    party("bob", "bob", "10.0.0.2");
    ws.run(&["keys", "new", "--party", "alice"]).success();
}

#[test]
fn somebody_elses_ca_is_told_once_as_that() {
    let ws = made();
    ws.edit("topology.kdl", |text| text.replace("pki/alice/ca.pem", "pki/bob/ca.pem"));
    let said = ws.run(&["plan"]).status_is(1).stderr;
    let codes: Vec<&str> = said.lines().filter(|line| line.starts_with("SF")).collect();
    assert_eq!(codes, ["SF0558"], "{said}");
    assert!(flat(&said).contains("`alice` names the CA of `bob` as its own"), "{said}");
    // The help followed.
    ws.edit("topology.kdl", |text| text.replacen("pki/bob/ca.pem", "pki/alice/ca.pem", 1));
    ws.run(&["plan"]).success();
}
