//! `apply --firewall`: the planned firewall is loaded, keeps strangers off, and takes itself back unless it is confirmed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    networks::Networks,
    workspace::Workspace,
};

const TABLE: &str = "table inet sfgen_walled_alice";

/// Alice, bob and a stranger, each in a network of their own that a router joins to the others.
fn networks() -> Networks {
    let networks = Networks::new(&["alice", "bob", "stranger", "router"]);
    networks.exec(3, &["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    for network in 0..3 {
        let (own, gate) = (format!("10.{network}.0.2/24"), format!("10.{network}.0.1"));
        networks.join((network, 3), (&own, &format!("{gate}/24")));
        networks.exec(network, &["ip", "route", "add", "default", "via", &gate]);
    }
    networks
}

fn parties() -> Workspace {
    let ws = Workspace::empty().with_own_state();
    let party = |name: &str, network: usize| {
        format!(
            "party \"{name}\" {{\n    host \"{name}-1\" address=\"10.{network}.0.2\"\n    identity \
             ca=\"pki/{name}/ca.pem\" cert=\"pki/{name}/node.pem\" key=\"keys/{name}/node.key\"\n}}\n"
        )
    };
    ws.write(
        "topology.kdl",
        &format!(
            "topology \"walled\"\nruntime \"embedded\"\n{}{}{}\
             job \"total\" kind=\"sum\" {{ parties \"alice\" \"bob\"; input \"alice\" 11; input \"bob\" 31; }}\n",
            ws.ports.node(),
            party("alice", 0),
            party("bob", 1),
        ),
    );
    ws.with_keys(&["alice", "bob"]).planned()
}

fn nft(namespace: &str, args: &[&str]) -> String {
    let mut command = Command::new("ip");
    let output = command.args(["netns", "exec", namespace, "nft"]).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Whether somebody in a network reaches a port; packets that are dropped are not answered.
fn reaches(namespace: &str, address: &str, port: u16) -> bool {
    let dial = format!(": </dev/tcp/{address}/{port}");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, "timeout", "1", "bash", "-c", &dial]);
    command.stderr(Stdio::null()).status().unwrap().success()
}

#[track_caller]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} within 20 s");
        sleep(Duration::from_millis(50));
    }
}

/// Whether what takes a firewall of this workspace back still waits.
fn is_waited_for(ws: &Workspace) -> bool {
    let folder = ws.state().join("installed/walled");
    let found =
        Command::new("pgrep").args(["-f", "--", folder.to_str().unwrap()]).output().unwrap();
    !found.stdout.is_empty()
}

#[test]
#[ignore = "needs root, ip and nft; .ci/run installs them"]
fn a_firewall_stays_where_it_is_confirmed_and_takes_itself_back_where_not() {
    let networks = networks();
    let mut ws = parties();
    let namespace = networks.0[0].clone();
    ws.namespace = Some(namespace.clone());
    let is_loaded = || nft(&namespace, &["list", "tables"]).contains(TABLE);
    let load = |time: &str| {
        let args = ["apply", "--party", "alice", "--firewall", "--confirm-within", time];
        let ran = ws.run(&args).success();
        assert!(ran.stdout.contains("unless `sudo sfgen apply --party alice --firewall-confirm`"));
        assert!(is_loaded());
    };
    let confirm = ["apply", "--party", "alice", "--firewall-confirm"];
    let nothing = ws.run(&confirm).status_is(4);
    assert!(nothing.stderr.starts_with("SF0793"), "{}", nothing.stderr);

    // The process that loaded it is gone by now, and nobody confirms.
    load("3s");
    wait_until("it is taken back", || !is_loaded());
    let late = ws.run(&confirm).status_is(4);
    assert!(late.stderr.starts_with("SF0793"), "{}", late.stderr);

    load("6s");
    assert_eq!(ws.run(&confirm).success().stdout, "alice on alice-1: the firewall stays\n");
    wait_until("its time is over", || !is_waited_for(&ws));
    assert!(is_loaded(), "it was confirmed");
    assert!(ws.run(&confirm).success().stdout.contains("stays already"));

    // Numbers of rules are given anew by each load.
    let numbered = || nft(&namespace, &["-a", "list", "ruleset"]);
    let before = numbered();
    let again = ws.run(&["apply", "--party", "alice", "--firewall"]).success();
    assert_eq!(again.stdout, "alice on alice-1: the firewall is loaded\n");
    assert_eq!(numbered(), before);

    // What somebody changed by hand is put right, and unless that is confirmed, it is as it was.
    nft(&namespace, &["add", "chain", "inet", "sfgen_walled_alice", "mine"]);
    load("3s");
    assert!(!numbered().contains("chain mine"));
    wait_until("it is taken back", || numbered().contains("chain mine"));

    let stopped = ws.run(&["stop", "--party", "alice"]).success();
    let removed = "- remove the table sfgen_walled_alice of the firewall";
    assert!(stopped.stderr.contains(removed), "{}", stopped.stderr);
    assert!(!is_loaded());

    load("60s");
    ws.run(&confirm).success();
    let gone = ws.run(&["uninstall", "--party", "alice", "--yes"]).success();
    assert!(gone.stdout.contains(removed), "{}", gone.stdout);
    assert!(!is_loaded());
    assert!(!ws.state().join("installed/walled").exists());
}

#[test]
#[ignore = "needs root, ip and nft; .ci/run installs them"]
fn the_federation_gets_through_its_firewalls_and_nobody_else() {
    let networks = networks();
    let mut ws = parties();
    let mut other = ws.copy();
    ws.namespace = Some(networks.0[0].clone());
    other.namespace = Some(networks.0[1].clone());
    for (ws, party) in [(&ws, "alice"), (&other, "bob")] {
        ws.run(&["apply", "--party", party, "--firewall"]).success();
        ws.run(&["apply", "--party", party, "--firewall-confirm"]).success();
    }
    let control = ws.port("alice", "control");
    let closed = format!(
        "table inet sfgen_old_carol {{ chain input {{ type filter hook input priority filter; \
         ip saddr 10.9.9.9 tcp dport {control} accept\ntcp dport {control} drop\n}}\n}}\n"
    );
    ws.write("old.nft", &closed);
    nft(&networks.0[0], &["-f", ws.join("old.nft").to_str().unwrap()]);
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("SF0792");
    alice.wait_for("`inet sfgen_old_carol` of another topology or party drops");
    nft(&networks.0[0], &["delete", "table", "inet", "sfgen_old_carol"]);

    let mut bob = Launcher::start(&other, &["apply", "--party", "bob"]);
    alice.wait_for("alice: armed");
    bob.wait_for("bob: armed");
    assert!(reaches(&networks.0[1], "10.0.0.2", control), "bob is a peer");
    assert!(!reaches(&networks.0[2], "10.0.0.2", control), "a stranger is none");
    let at_alice = Launcher::start(&ws, &["run", "total", "--party", "alice"]);
    let at_bob = Launcher::start(&other, &["run", "total", "--party", "bob"]);
    for (status, stdout, said) in [at_alice.end(), at_bob.end()] {
        assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
    }
    for ws in [&ws, &other] {
        ws.run(&["stop"]).success();
    }
    alice.end();
    bob.end();
    assert!(!nft(&networks.0[0], &["list", "tables"]).contains(TABLE));
    for ws in [&ws, &other] {
        assert_nothing_left(ws);
    }
}

/// What a form lets in: a port, and an address or `any`.
type Opened = BTreeSet<(u16, String)>;

/// The ports of `20000`, `20000-20003` or `20000:20003`.
fn numbers(text: &str) -> impl Iterator<Item = u16> + use<> {
    let (first, last) = text.split_once(['-', ':']).unwrap_or((text, text));
    first.parse::<u16>().unwrap()..=last.parse::<u16>().unwrap()
}

fn open(opened: &mut Opened, ports: &str, from: &str) {
    let from = from.trim_end_matches("/32").trim_end_matches("/128");
    let from = if ["everybody", "0.0.0.0/0"].contains(&from) { "any" } else { from };
    opened.extend(numbers(ports).map(|port| (port, from.to_owned())));
}

/// The word behind another one.
fn behind<'a>(words: &[&'a str], name: &str) -> &'a str {
    words[words.iter().position(|word| *word == name).unwrap() + 1]
}

/// What the rules of a `firewall.nft` accept.
fn of_nft(text: &str) -> Opened {
    let mut opened = Opened::new();
    for line in text.lines().filter(|line| line.contains(" accept comment ")) {
        let ports = line.split("tcp dport ").nth(1).unwrap().split(' ').next().unwrap();
        let sources =
            line.split(" saddr ").nth(1).map_or("any", |rest| rest.split("tcp").next().unwrap());
        for from in sources.split([' ', ',', '{', '}']).filter(|word| !word.is_empty()) {
            open(&mut opened, ports, from);
        }
    }
    opened
}

/// What the table of a host accepts.
fn of_table(text: &str) -> Opened {
    let mut opened = Opened::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("| in | TCP | ")) {
        let (ports, from) = line.trim_end_matches(" |").split_once(" | ").unwrap();
        for ports in ports.split(", ") {
            from.split(", ").for_each(|from| open(&mut opened, ports, from));
        }
    }
    opened
}

/// What each program is told, by running the lines with programs that print what they are given.
fn of_programs(text: &str) -> BTreeMap<String, Opened> {
    let block = text.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let stubs = ["ufw", "firewall-cmd", "aws", "gcloud", "az"];
    let folder = tempfile::tempdir().unwrap();
    for stub in stubs {
        let path = folder.path().join(stub);
        std::fs::write(&path, format!("#!/bin/sh\nprintf '%s\\t' {stub} \"$@\"; echo\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
    }
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-euc", block]).env("PATH", path);
    let ran = shell.envs([("GROUP", "g"), ("NETWORK", "n"), ("NSG", "s")]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut opened: BTreeMap<String, Opened> = BTreeMap::new();
    for line in String::from_utf8(ran.stdout).unwrap().lines() {
        let words: Vec<_> = line.trim_end().split('\t').collect();
        let own = opened.entry(words[0].to_owned()).or_default();
        match words[0] {
            "ufw" => open(own, behind(&words, "port"), behind(&words, "from")),
            "firewall-cmd" => {
                let rule = words[2].strip_prefix("--add-rich-rule=").unwrap();
                let value = |name: &str| {
                    rule.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
                };
                // `port port=20000`, `source address=10.0.0.1`
                open(own, value("port").unwrap(), value("address").unwrap_or("any"));
            }
            "aws" => {
                let at = words.iter().position(|word| *word == "--ip-permissions").unwrap();
                for permission in &words[at + 1..] {
                    let value = |name: &str| {
                        permission.split(',').find_map(|word| word.strip_prefix(name)).unwrap()
                    };
                    let ports = format!("{}-{}", value("FromPort="), value("ToPort="));
                    let networks = permission.split(['{', '}']).filter_map(|part| {
                        part.strip_prefix("CidrIp=").or_else(|| part.strip_prefix("CidrIpv6="))
                    });
                    networks.for_each(|network| open(own, &ports, network));
                }
            }
            "gcloud" => {
                for rule in behind(&words, "--rules").split(',') {
                    let ports = rule.strip_prefix("tcp:").unwrap();
                    let from = behind(&words, "--source-ranges").split(',');
                    from.for_each(|from| open(own, ports, from));
                }
            }
            _ => {
                let all = |name: &str| {
                    let at = words.iter().position(|word| *word == name).unwrap();
                    words[at + 1..].iter().take_while(|word| !word.starts_with("--"))
                };
                for ports in all("--destination-port-ranges") {
                    all("--source-address-prefixes").for_each(|from| open(own, ports, from));
                }
            }
        }
    }
    opened
}

#[test]
fn every_form_of_the_firewall_opens_the_same_ports_to_the_same_machines() {
    let golden = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    let mut seen = 0;
    for tree in std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()) {
        let read = |path: &str| std::fs::read_to_string(tree.join("generated").join(path)).unwrap();
        for section in read("PORTS.md").split("\n## ").skip(1) {
            let (party, rest) = section.split_once(": ").unwrap();
            let host = rest.split(' ').next().unwrap();
            let nft = of_nft(&read(&format!("{party}/{host}/firewall.nft")));
            assert_eq!(of_table(section), nft, "{section}");
            if section.contains("```sh") {
                let programs = of_programs(section);
                assert_eq!(programs.len(), 5, "{section}");
                for (program, opened) in programs {
                    assert_eq!(opened, nft, "{program}: {section}");
                    seen += opened.len();
                }
            }
        }
    }
    assert!(seen > 100, "the golden trees have firewalls: {seen}");
}
