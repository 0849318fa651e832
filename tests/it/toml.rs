//! A topology means the same in TOML as in KDL, and is judged at its places in the TOML file.

use camino::Utf8Path;
use insta::assert_snapshot;
use proptest::prelude::*;
use sfgen::{
    check,
    diag::{Findings, Report, render_text},
    fs,
    model::Topology,
    syntax::{self, MemoryWorkspace},
};

use crate::{
    federation::{Beside, compile_root},
    pages,
    support::toml::toml_of,
};

/// The model and the findings without their places.
fn model(name: &str, text: &str) -> (String, Vec<String>) {
    let files = MemoryWorkspace::default().with(name, text);
    let mut findings = Findings::default();
    let loaded = syntax::load(&files, Utf8Path::new(name), &mut findings);
    let topology = Topology::read(&loaded, &mut findings);
    let mut findings: Vec<String> =
        findings.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect();
    findings.sort();
    (without_places(&format!("{topology:?}")), findings)
}

/// The debug text without places that are no part of a `Spanned`.
fn without_places(debug: &str) -> String {
    let mut parts = debug.split("SourceSpan {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('}').unwrap().1)
}

#[track_caller]
fn assert_same(kdl: &str) {
    let files = MemoryWorkspace::default().with("t.kdl", kdl);
    let loaded = syntax::load(&files, Utf8Path::new("t.kdl"), &mut Findings::default());
    let toml = toml_of(&loaded.nodes);
    let (one, other) = (model("t.kdl", kdl), model("t.toml", &toml));
    assert!(one == other, "{toml}\n{:?}\n{:?}\n{}\n{}", one.1, other.1, one.0, other.0);
    assert_ne!(one.0, "None");
}

#[test]
fn every_example_means_the_same_in_toml() {
    let examples = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in examples.read_dir_utf8().unwrap().map(Result::unwrap) {
        let mut text = fs::read_text(&entry.path().join("topology.kdl")).unwrap();
        // What a file includes can stand in it as well.
        let parties = entry.path().join("parties");
        if parties.is_dir() {
            text = text.replace("include \"parties/*.kdl\"", "");
            for party in fs::list(&parties).unwrap() {
                text += &fs::read_text(&parties.join(party)).unwrap();
            }
        }
        assert_same(&text);
    }
}

#[test]
fn the_two_topologies_of_the_manual_are_the_same() {
    let page = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/toml.md");
    let page = fs::read_text(&page).unwrap();
    let block = |language: &str| {
        let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    };
    let (kdl, toml) = (model("t.kdl", &block("kdl")), model("t.toml", &block("toml")));
    assert_eq!(kdl, toml);
    assert!(kdl.1.is_empty(), "{:?}", kdl.1);
    assert_same(&block("kdl"));
}

#[test]
fn what_is_wrong_is_shown_in_the_toml_file() {
    let text = r#"
links = "gatway"
colour = "blue"

[topology]
name = "t"
mode = "simulation"

[runtime]
name = "embedded"

[party.alice]
deploy = ["process", "systemd"]
[party.alice.host.alice-1]
adress = "10.0.0.1"
address = ["10.0.0.1"]
reserve = [22, "ssh"]

[party.bob.host.alice-1]
[job.total]
kind = "sum"
parties = ["alice", "dave"]
input = [["alice", 11], ["bob"]]
"#;
    let files = MemoryWorkspace::default().with("topology.toml", text);
    let mut findings = Findings::default();
    let loaded = syntax::load(&files, Utf8Path::new("topology.toml"), &mut findings);
    let _ = Topology::read(&loaded, &mut findings);
    let report = Report::new(&findings.into_sorted(), &loaded.sources);
    let lines = report.findings.iter().map(|finding| {
        let place = &finding.places[0];
        let at = format!("{}:{}:{}", place.file, place.line, place.column);
        format!("{at:20} {} {}", finding.code, finding.message)
    });
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    topology.toml:2:9    SF0011 `gatway` is not a known word here
    topology.toml:3:1    SF0003 there is no node `colour` at the top of a topology
    topology.toml:13:22  SF0007 `deploy` takes `process`, `systemd`, `docker` or `kuscia`, and no more
    topology.toml:15:1   SF0003 `host` has no property `adress`
    topology.toml:16:11  SF0005 expected a string, found an array `[...]`
    topology.toml:17:16  SF0005 expected a whole number, found a string `ssh`
    topology.toml:22:21  SF0101 this job names party `dave`, which is not declared
    topology.toml:23:25  SF0006 `input` has no `file`
    ");
}

/// The pieces of a text between backticks.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn helps_about_a_toml_file_say_what_to_write_in_toml() {
    let mut spelled = 0;
    for check in check::all() {
        for block in pages::blocks(check.page.text).into_iter().filter(|block| block.fails) {
            let files = MemoryWorkspace::default().with("t.kdl", block.text.as_str());
            let nodes =
                syntax::load(&files, Utf8Path::new("t.kdl"), &mut Findings::default()).nodes;
            let toml = toml_of(&nodes);
            let files = MemoryWorkspace::default().with("topology.toml", toml.as_str());
            let done = compile_root("topology.toml", files, block.beside);
            for finding in &done.findings {
                let help = finding.help.as_deref().unwrap_or_default();
                // A word and a text are a node of KDL.
                assert!(
                    pieces(help).all(|piece| !piece.contains(" \"") || piece.contains('=')),
                    "{help}"
                );
                // What openssl is to be told is no TOML either way.
                let of_openssl = ["subjectAltName", "extendedKeyUsage"];
                let is_openssl =
                    |piece: &str| of_openssl.iter().any(|name| piece.starts_with(name));
                let ours = |piece: &&str| piece.contains('=') && !is_openssl(piece);
                for piece in pieces(help).filter(ours) {
                    spelled += 1;
                    assert!(
                        toml::from_str::<toml::Table>(piece).is_ok(),
                        "{}: {piece}",
                        finding.code
                    );
                }
            }
            let codes: Vec<_> = done.findings.iter().map(|finding| finding.code).collect();
            assert!(codes.contains(&check.page.code), "{}: {codes:?}\n{toml}", check.page.code);
        }
    }
    assert!(spelled > 20, "{spelled}");
}

#[test]
fn a_role_with_and_without_quotes_is_one_role() {
    let text = r#"
topology = { name = "t", mode = "simulation" }
runtime = { name = "secretflow", version = "1.13.0b0" }
[party.alice]
host.a.address = "10.0.0.1"
host.b.address = "10.0.0.2"
pin.ray.gcs = 6379
pin."ray.gcs" = 6380
pin.ray.gsc = 6381
"#;
    let done = compile_root(
        "topology.toml",
        MemoryWorkspace::default().with("topology.toml", text),
        Beside::default(),
    );
    let text = render_text(&done.findings, &done.sources, 100, false);
    assert_snapshot!(text, @r#"
    SF0214

      × `ray.gcs` of host `a` is pinned twice
       ╭─[topology.toml:8:5]
     7 │ pin.ray.gcs = 6379
       ·         ─┬─
       ·          ╰── first here
     8 │ pin."ray.gcs" = 6380
       ·     ────┬────
       ·         ╰── again here
       ╰────
      help: keep one of them; several numbers are one range, first and last

    SF0005

      × `ray.gsc` is not a port role; roles are `control`, `sf`, `spu`, `spu-local`, `heu`, `ray.gcs`
      │ and its kin, and the names of service ports
       ╭─[topology.toml:9:9]
     9 │ pin.ray.gsc = 6381
       ·         ─┬─
       ·          ╰── this value
       ╰────
      help: write a value of that form
    "#);
}

#[test]
fn files_of_both_kinds_make_one_topology() {
    let kdl =
        "topology \"t\" mode=\"simulation\"\nruntime \"embedded\"\ninclude \"*.toml\" \"b.kdl\"\n";
    let files = MemoryWorkspace::default()
        .with("topology.kdl", kdl)
        .with("a.toml", "party.alice.host.a.address = \"127.0.0.1\"\n")
        .with("b.kdl", "party \"bob\" { host \"a\"; }\n");
    let mut findings = Findings::default();
    let loaded = syntax::load(&files, Utf8Path::new("topology.kdl"), &mut findings);
    let topology = Topology::read(&loaded, &mut findings).unwrap();
    assert!(findings.is_empty());
    assert!(topology.parties.keys().map(sfgen::types::PartyName::as_str).eq(["alice", "bob"]));
}

#[test]
fn the_commands_find_topology_toml_where_there_is_no_other() {
    let workspace = crate::support::workspace::Workspace::example("two_parties");
    let files = MemoryWorkspace::default().with("t.kdl", workspace.read("topology.kdl"));
    let loaded = syntax::load(&files, Utf8Path::new("t.kdl"), &mut Findings::default());
    std::fs::remove_file(workspace.join("topology.kdl")).unwrap();
    workspace.write("topology.toml", &toml_of(&loaded.nodes));
    let workspace = workspace.with_keys(&["alice", "bob"]).planned();
    workspace.run(&["plan", "--check"]).success();
}

/// Topologies of all shapes, whether they make sense or not.
pub(crate) fn topology() -> impl Strategy<Value = String> {
    let name = "[a-z][a-z0-9]{0,4}";
    let host = (0_u8..4, prop::option::of(0_u16..40), prop::option::of(1_u16..99)).prop_map(
        |(n, reserve, cpus)| {
            let reserve = reserve.map(|p| format!("reserve {} 8{p:02}; ", p + 20));
            let cpus = cpus.map(|cpus| format!("ray cpus={cpus} object-store=\"1GiB\"; "));
            let inside = reserve.unwrap_or_default() + &cpus.unwrap_or_default();
            format!("    host \"h{n}\" address=\"10.0.0.{n}\" {{ {inside}}}\n")
        },
    );
    let pin = (0_u16..9, any::<bool>()).prop_map(|(n, on)| {
        let on = if on { " host=\"h1\"" } else { "" };
        format!(
            "    pin \"{}\" {} {}{on}\n",
            ["sf", "spu", "ray.gcs"][usize::from(n % 3)],
            19000 + n,
            19020 + n
        )
    });
    let deploy = prop::sample::select(vec![
        "",
        "    deploy \"process\"\n",
        "    deploy \"systemd\" user=\"u\" home=\"/x y\"\n",
        "    deploy \"docker\" network=\"host\"\n",
        "    deploy \"docker\" network=\"net\" { publish 8080 \"80:8080\" \"1-2:3-4\"; }\n",
        "    deploy \"docker\" network=\"net\" { publish \"80:8080\"; publish \"81:8081\"; }\n",
        "    deploy \"kuscia\" protocol=\"tls\" gateway=18080 endpoint=\"https://a:18080\"\n",
    ]);
    let party = (name, prop::collection::vec(host, 1..3), prop::collection::vec(pin, 0..4), deploy)
        .prop_map(|(name, hosts, mut pins, deploy)| {
            pins.sort(); // TOML keeps those of one role together
            format!("party \"{name}\" {{\n{}{}{deploy}}}\n", hosts.concat(), pins.concat())
        });
    let allow = ("[a-z.]{1,9}", prop::option::of("[ -~]{1,12}")).prop_map(|(module, because)| {
        let because = because.map(|text| format!(" because={text:?}")).unwrap_or_default();
        format!("    allow-deserialize {module:?} \"X\" \"Y\"{because}\n")
    });
    let job = (name, 1_u16..9, any::<bool>()).prop_map(|(name, slots, is_script)| {
        if is_script {
            format!("job \"{name}\" script=\"{name}.py\" slots={slots} {{ parties \"a\" \"b\"; args \"--{name}\"; }}\n")
        } else {
            format!("job \"{name}\" kind=\"sum\" {{ parties \"a\" \"b\"; input \"a\" -{slots}; input \"b\" 2; }}\n")
        }
    });
    let parties = prop::collection::vec(party, 0..4);
    (parties, prop::collection::vec(allow, 0..3), prop::collection::vec(job, 0..3)).prop_map(
        |(parties, allow, jobs)| {
            let head = "topology \"t\" mode=\"simulation\"\nlinks \"gateway\"\nports { pool 20000 29999; }\n";
            let runtime = "runtime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"";
            let (allow, parties, jobs) = (allow.concat(), parties.concat(), jobs.concat());
            format!("{head}{runtime} {{\n{allow}}}\n{parties}{jobs}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_topology_means_the_same_in_toml(kdl in topology()) {
        // What stands twice cannot be written in TOML.
        prop_assume!(!model("t.kdl", &kdl).1.iter().any(|finding| finding.starts_with("SF0004")));
        assert_same(&kdl);
    }
}
