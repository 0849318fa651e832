//! Modes, addresses, targets and files that contradict each other: each contradiction with both of its places.

use sfgen::{
    diag::{Report, render_text},
    pki::Certificate,
    syntax::MemoryWorkspace,
    types::Mode,
};
use time::Duration;

use crate::federation::{Beside, compile_beside, compile_in, compile_text, compile_with, material};

const HEAD: &str = "topology \"t\" mode=\"simulation\"\nruntime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n";

/// The codes of all findings.
fn codes(text: &str) -> Vec<&'static str> {
    compile_text(text).findings.iter().map(|finding| finding.code.0).collect()
}

/// The labelled texts of the only finding, which has that code.
fn places(text: &str, code: &str) -> Vec<String> {
    let done = compile_text(text);
    let shown = render_text(&done.findings, &done.sources, 100, false);
    let [finding] = done.findings.as_slice() else { panic!("one finding:\n{shown}") };
    assert_eq!(finding.code.0, code, "{shown}");
    finding.labels.iter().map(|label| text[label.span.start..label.span.end].to_owned()).collect()
}

fn parties(alice: &str, bob: &str) -> String {
    format!("party \"alice\" {{ {alice}; }}\nparty \"bob\" {{ {bob}; }}\n")
}

#[test]
fn names_of_this_machine_are_one_machine() {
    let host = |address: &str| {
        format!("host \"{}\" address=\"{address}\"", address.replace([':', '.'], "x"))
    };
    let embedded =
        "topology \"t\" mode=\"simulation\"\nruntime \"secretflow\" version=\"1.13.0b0\"\n";
    for (one, two) in
        [("127.0.0.1", "localhost"), ("localhost", "127.0.0.2"), ("127.0.0.1", "127.1.0.1")]
    {
        let text = embedded.to_owned() + &parties(&host(one), &host(two));
        assert_eq!(places(&text, "SF0216"), [format!("\"{two}\""), format!("\"{one}\"")]);
        let text =
            embedded.to_owned() + &parties(&host(one), &host(one).replace("host \"", "host \"b"));
        assert!(codes(&text).is_empty());
    }
    let far = embedded.to_owned() + &parties(&host("127.0.0.1"), &host("10.0.0.1"));
    assert_eq!(codes(&far), ["SF0201"]);
}

#[test]
fn case_and_a_final_dot_make_no_other_machine() {
    let (one, two) = ("host \"a\" address=\"node.lan\"", "host \"b\" address=\"Node.LAN.\"");
    let done = compile_text(&(HEAD.to_owned() + &parties(one, two)));
    assert!(done.findings.is_empty());
    let parties = done.output.unwrap().federation.parties;
    let hosts = parties.values().flat_map(|party| party.hosts.values());
    let mut machines: Vec<_> = hosts.map(|host| &host.address).collect();
    machines.dedup();
    assert_eq!(machines.len(), 1);
}

#[test]
fn one_address_of_a_bridge_is_one_container() {
    let net = "network \"sfnet\" subnet=\"10.0.0.0/24\"\nnetwork \"lab\" subnet=\"10.0.1.0/24\"\n";
    let on = |host: &str, network: &str| format!("{host}; deploy \"docker\" network=\"{network}\"");
    let (a, b) = ("host \"a\" address=\"10.0.0.10\"", "host \"b\" address=\"10.0.0.10\"");
    let both = HEAD.to_owned() + net + &parties(&on(a, "sfnet"), &on(b, "sfnet"));
    assert_eq!(places(&both, "SF1010"), ["\"10.0.0.10\"", "\"10.0.0.10\""]);
    let again = HEAD.to_owned() + net + &parties(&on(a, "sfnet"), &on("host \"a\"", "sfnet"));
    assert_eq!(places(&again, "SF1010"), ["\"a\"", "\"a\""]);
    let machine = HEAD.to_owned() + net + &parties(&on(a, "host"), &on(b, "host"));
    assert!(codes(&machine).is_empty());
}

#[test]
fn an_image_needs_containers() {
    let service = "service \"redis\" image=\"redis:7\" { command \"redis-server\"; }";
    let text = |deploy: &str| {
        HEAD.to_owned()
            + &parties(
                &format!("host \"a\" address=\"127.0.0.1\"; {deploy}{service}"),
                "host \"a\"",
            )
    };
    assert_eq!(places(&text(""), "SF0114"), ["\"redis:7\"", "\"alice\""]);
    let systemd = text("deploy \"systemd\"; ");
    assert_eq!(places(&systemd, "SF0114"), ["\"redis:7\"", "deploy \"systemd\""]);
    assert!(codes(&text("deploy \"docker\"; ")).is_empty());
    assert_eq!(codes(&text("deploy \"dokcer\"; ")), ["SF0011"]);
    assert_eq!(codes(&text("deplyo \"docker\"; ")), ["SF0003"]);
}

const PRODUCTION: &str = r#"topology "t" mode="production"
runtime "secretflow" version="1.13.0b0" engine="ray" { cross-silo timeout="60s"; }
party "alice" {
    host "a" address="10.0.0.1"
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
    pin "sf" 19000; pin "spu-local" 19010; pin "control" 19001
}
party "bob" { host "b" address="10.0.0.2"; identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"; }
spu "spu" { parties "alice" "bob"; }
"#;

#[test]
fn a_simulation_that_is_written_as_one_has_nothing_of_production() {
    let mixed = PRODUCTION.replace("\"production\"", "\"simulation\"");
    assert_eq!(places(&mixed, "SF0907"), ["\"simulation\"", "cross-silo", "\"sf\"", "\"control\""]);
    let files = || MemoryWorkspace::default().with("topology.kdl", PRODUCTION);
    assert!(codes(PRODUCTION).is_empty());
    assert!(compile_in(Mode::Simulation, files(), Beside::default()).findings.is_empty());
    let files = MemoryWorkspace::default().with("topology.kdl", mixed.as_str());
    assert!(compile_in(Mode::Production, files, Beside::default()).findings.is_empty());
}

#[test]
fn two_topologies_of_two_modes_are_shown_with_both_modes() {
    let root = HEAD.to_owned()
        + "include \"other.kdl\"\n"
        + &parties("host \"a\" address=\"127.0.0.1\"", "host \"a\"");
    let files = |other: &str| {
        MemoryWorkspace::default().with("topology.kdl", root.as_str()).with("other.kdl", other)
    };
    let done = compile_with(files("topology \"t\" mode=\"production\"\n"), Beside::default());
    let report = Report::new(&done.findings, &done.sources);
    let [finding] = report.findings.as_slice() else { panic!("one finding: {report:?}") };
    assert_eq!(finding.code, "SF0004");
    assert_eq!(
        finding.message,
        "`topology` stands twice, and the modes differ: `simulation`, then `production`"
    );
    let named: Vec<_> = finding.places.iter().map(|place| place.file.as_str()).collect();
    assert_eq!(named, ["other.kdl", "topology.kdl"]);
    let same = compile_with(files("topology \"t\" mode=\"simulation\"\n"), Beside::default());
    assert_eq!(same.findings[0].message, "`topology` stands twice");
}

#[test]
fn ca_and_certificate_are_two_files() {
    let one = PRODUCTION.replace("a/ca.pem", "a/node.pem");
    assert_eq!(places(&one, "SF0537"), ["\"a/node.pem\"", "\"a/node.pem\""]);
    assert_eq!(
        codes(
            &one.replace("production", "simulation")
                .replace("cross-silo timeout=\"60s\";", "")
                .replace("pin \"sf\" 19000;", "")
                .replace("pin \"control\" 19001", "")
        ),
        [""; 0]
    );
}

#[test]
fn what_is_left_to_be_filled_in_is_told_once_wherever_it_stands() {
    let good = HEAD.to_owned()
        + "party \"alice\" {\n    host \"a\" address=\"10.0.0.1\"\n    deploy \"systemd\" user=\"sf\" home=\"/opt/sf\"\n    \
           service \"web\" { command \"serve\" \"--name\" \"web\"; env KEY=\"k\"; }\n}\n\
           party \"bob\" { host \"b\" address=\"10.0.0.2\"; }\n\
           job \"psi\" script=\"psi.py\" { parties \"alice\" \"bob\"; args \"--key\" \"id\"; }\n";
    assert!(codes(&good).is_empty());
    for (from, to) in [
        ("10.0.0.1", "192.0.2.10"),
        ("10.0.0.2", "sf.example.com"),
        ("user=\"sf\"", "user=\"CHANGE_ME\""),
        ("/opt/sf", "/opt/your-folder"),
        ("\"web\"; env", "\"<name>\"; env"),
        ("KEY=\"k\"", "KEY=\"xxx\""),
        ("\"id\"", "\"TODO\""),
    ] {
        assert_eq!(codes(&good.replace(from, to)), ["SF0016"], "{to}");
    }
    // A value that cannot be read is reported as that.
    assert_eq!(codes(&good.replace("10.0.0.1", "<address>")), ["SF0005"]);
    assert_eq!(codes(&good.replace("1.13.0b0", "<version>")), ["SF0901"]);
    let both = good.replace("KEY=\"k\"", "REDIS_URL=\"redis://:changeme@localhost:6379\"");
    let both = both.replace("env", "port \"redis\"; env");
    assert_eq!(codes(&both), ["SF0016", "SF0112"]);
    assert_eq!(codes(&both.replace("redis://:changeme@localhost:6379", "<url>")), ["SF0113"]);
    let reason = "allow \"SF0016\" because=\"TODO: example.com is ours\"";
    let allowed = good.replace("env KEY=\"k\"", &format!("env KEY=\"xxx\"; {reason}"));
    assert!(codes(&allowed).is_empty());
}

/// What a file that is no certificate in PEM is called, and the command that makes one of it.
#[test]
fn a_file_that_is_no_certificate_is_named_with_what_makes_one_of_it() {
    let made = material("alice", Duration::ZERO, &["10.0.0.1".parse().unwrap()]).leaf_cert_pem;
    let leaf = Certificate::from_pem(made.as_bytes()).unwrap().der().to_vec();
    let pkcs12 = [0x30, 0x82, 0x0b, 0xb8, 2, 1, 3, 0x30, 0x82, 0, 0].to_vec();
    let request = b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n";
    for (bytes, says, help) in [
        (leaf, "DER", "openssl x509 -inform DER -in b/node.crt -out b/node.pem"),
        (pkcs12, "PKCS#12", "openssl pkcs12 -in b/node.crt -clcerts -nokeys -out b/node.pem"),
        (request.to_vec(), "CERTIFICATE REQUEST", "the signed certificate"),
        (b"hello".to_vec(), "not PEM", "`sfgen keys new` or your CA"),
    ] {
        let text = PRODUCTION.replace("b/node.pem", "b/node.crt");
        let files = MemoryWorkspace::default().with("topology.kdl", text.as_str());
        let done = compile_beside(files, "b/node.crt", bytes);
        let shown = render_text(&done.findings, &done.sources, 100, false);
        let [finding] = done.findings.as_slice() else { panic!("one finding:\n{shown}") };
        assert_eq!(finding.code.0, "SF0503");
        assert!(finding.message.contains(says), "{shown}");
        assert!(finding.help.as_ref().unwrap().contains(help), "{shown}");
    }
}

#[test]
fn a_range_of_workers_that_is_too_narrow_says_how_wide_it_must_be() {
    let alice = |pin: &str| {
        let host = format!(
            "host \"a\" address=\"127.0.0.1\" {{ ray cpus=4; }}; pin \"ray.workers\" {pin}"
        );
        let head = HEAD.replace("simulation", "production");
        let identity = |name: &str| {
            format!(
                "identity ca=\"{name}/ca.pem\" cert=\"{name}/node.pem\" key=\"{name}/node.key\""
            )
        };
        head + &parties(
            &format!("{host}; {}", identity("a")),
            &format!("host \"a\"; {}", identity("b")),
        )
    };
    assert_eq!(places(&alice("10002 10009"), "SF0301"), ["10002 10009", "\"a\""]);
    let done = compile_text(&alice("10002 10009"));
    assert_eq!(
        done.findings[0].message,
        "the Ray workers on `a` may need 24 ports, and 8 are pinned"
    );
    assert!(
        done.findings[0]
            .help
            .as_ref()
            .unwrap()
            .starts_with("write `pin \"ray.workers\" 10002 10025`")
    );
    assert!(codes(&alice("10002 10025")).is_empty());
}
