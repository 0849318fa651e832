//! Topologies as users wrote them, about addresses: what is said at which place, and what is planned once the help is
//! followed. The topologies stand in `tests/field/`.

use std::path::Path;

use serde_json::Value;
use sfgen::{compile::Compilation, diag::Finding};

use crate::{
    federation::compile_text,
    fixes::{broken_fixes, fixed},
    support::mended::{edited, found, shown},
};

pub(crate) fn field(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field");
    std::fs::read_to_string(folder.join(format!("{name}.kdl"))).unwrap()
}

/// What stands at the first place of a finding.
pub(crate) fn place<'a>(done: &'a Compilation, finding: &Finding) -> &'a str {
    let span = finding.labels[0].span;
    &done.sources.get(span.file).text[span.start..span.end]
}

/// The findings as code and what stands at the place.
pub(crate) fn told(done: &Compilation) -> Vec<(&str, &str)> {
    found(done).into_iter().map(|finding| (finding.code.0, place(done, finding))).collect()
}

/// Applies the only fix of each finding until none is left.
#[track_caller]
pub(crate) fn mended(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..10 {
        let done = compile_text(&text);
        let Some(finding) = found(&done).into_iter().find(|one| !one.fixes.is_empty()) else {
            break;
        };
        text = fixed(&done, finding).remove(0).1;
    }
    text
}

/// A file of the planned tree.
#[track_caller]
pub(crate) fn file(done: &Compilation, path: &str) -> String {
    let output = done.output.as_ref().unwrap_or_else(|| panic!("{}", shown(done)));
    let artifact = output.tree.get(path).unwrap_or_else(|| panic!("there is no {path}"));
    String::from_utf8(artifact.bytes.to_vec()).unwrap()
}

#[track_caller]
pub(crate) fn json(done: &Compilation, path: &str) -> Value {
    serde_json::from_str(&file(done, path)).unwrap()
}

#[test]
fn names_that_only_compose_resolves_are_told_at_each_place_and_mended() {
    let text = field("names-of-compose");
    for deploy in ["\"docker\" network=\"host\"", "\"process\"", "\"systemd\""] {
        let image = if deploy.contains("docker") { " image=\"redis:7-alpine\"" } else { "" };
        let text = text
            .replace("\"docker\" network=\"host\"", deploy)
            .replace(" image=\"redis:7-alpine\"", image);
        let done = compile_text(&text);
        assert_eq!(
            told(&done),
            [
                ("SF0158", "\"redis://redis:6379/0\""),
                ("SF0158", "\"redis://redis:{port.redis}/1\""),
                ("SF0158", "\"ray://ray-head:10001\""),
                ("SF0158", "\"redis\""),
            ],
            "{}",
            shown(&done)
        );
        let helps: Vec<&str> =
            found(&done).iter().map(|finding| finding.help.as_deref().unwrap()).collect();
        assert_eq!(
            helps,
            [
                "write `redis://127.0.0.1:{port.redis}/0`",
                "write `redis://127.0.0.1:{port.redis}/1`",
                "write `{host.address}:{port.ray.gcs}`, or drop it: jobs are told by sfgen",
                "write `127.0.0.1`",
            ]
        );
        assert_eq!(broken_fixes(&done, compile_text), "");
        let done = compile_text(&mended(&text));
        assert_eq!(told(&done), [], "{}", shown(&done));
        let plan = file(&done, "alice/plan.json");
        assert!(!plan.contains("//redis:") && !plan.contains("ray://"), "{plan}");
    }
}

#[test]
fn names_that_may_well_resolve_are_left_alone() {
    let text = field("names-of-compose");
    for (from, to) in [
        ("redis://redis:6379/0", "redis://cache.bank.cn:6379/0"),
        ("redis://redis:6379/0", "s3://redis/models"),
        ("redis://redis:6379/0", "http://nexus/simple"),
        ("redis://redis:6379/0", "redis://alice-1:{port.redis}/0"),
        ("redis://redis:6379/0", "redis:7-alpine"),
        ("redis://redis:6379/0", "tasks:app"),
    ] {
        let done = compile_text(&edited(&text, &[(from, to)]));
        let places = told(&done);
        assert!(places.iter().all(|(_, place)| !place.contains(to)), "{}", shown(&done));
    }
    for unknown in ["redis://cache:6379/0", "amqp://guest@rabbit//", "http://minio:9000"] {
        let done = compile_text(&edited(&text, &[("redis://redis:6379/0", unknown)]));
        assert!(told(&done)[0].1.contains(unknown), "{}", shown(&done));
    }
}

#[test]
fn two_kuscia_gateways_of_one_machine_need_two_ports() {
    let text = field("two-gateways");
    let done = compile_text(&text);
    assert_eq!(told(&done), [("SF1155", "18080")], "{}", shown(&done));
    assert!(done.findings.iter().any(|finding| finding.code.0 == "SF1100"));
    let [finding] = found(&done)[..] else { panic!() };
    assert_eq!(finding.labels.len(), 2);
    assert!(finding.message.contains("port 18080 of 10.30.4.20"), "{}", finding.message);
    // The help followed, at the second of the two.
    let (before, after) = text.rsplit_once("18080").unwrap();
    let done = compile_text(&format!("{before}28080{after}"));
    assert_eq!(told(&done), [], "{}", shown(&done));
    // The port of something else of the machine, and a pin of another party there.
    let host = "host \"vm\" address=\"10.30.4.20\"";
    let reserved = edited(&text, &[(host, &format!("{host} {{ reserve 18080; }}"))]);
    let done = compile_text(&reserved.replacen("gateway=18080", "gateway=28080", 1));
    assert_eq!(told(&done), [("SF1156", "18080")], "{}", shown(&done));
    let kuscia = "deploy \"kuscia\" protocol=\"mtls\" gateway=18080";
    let done = compile_text(&text.replacen(kuscia, "pin \"sf\" 18080", 1));
    assert_eq!(told(&done), [("SF1155", "18080")], "{}", shown(&done));
}

#[test]
fn behind_an_elastic_address_ray_has_the_machines_own_and_peers_the_public_one() {
    let text = field("elastic-address");
    let done = compile_text(&text);
    assert_eq!(told(&done), [("SF0255", "\"172.16.3.8\"")], "{}", shown(&done));
    assert!(!shown(&done).contains("arrives"), "{}", shown(&done));
    let done = compile_text(&mended(&text));
    assert_eq!(told(&done), [], "{}", shown(&done));

    let plan = json(&done, "alice/plan.json");
    let head = plan["hosts"]["vm-a"]["processes"][0]["command"].to_string();
    assert!(head.contains("--node-ip-address=172.16.3.8"), "{head}");
    let node = plan["hosts"]["vm-a2"]["processes"][0]["command"].to_string();
    assert!(node.contains("--node-ip-address=172.16.3.9"), "{node}");
    assert!(node.contains("--address=172.16.3.8:"), "{node}");
    assert_eq!(plan["listen"], "172.16.3.8");
    assert!(plan["secretflow"]["init"]["address"].as_str().unwrap().starts_with("172.16.3.8:"));

    let env = file(&done, "alice/vm-a/alice.env");
    assert!(env.contains("NODE_IP=172.16.3.8\n"), "{env}");
    assert!(env.contains("RAY_HEAD_ADDRESS=172.16.3.8:"), "{env}");
    let env = file(&done, "alice/vm-a2/alice.env");
    assert!(env.contains("NODE_IP=172.16.3.9\n"), "{env}");
    assert!(env.contains("RAY_HEAD_ADDRESS=172.16.3.8:"), "{env}");

    let config = json(&done, "alice/vm-a/cluster_config.json");
    let own = &config["parties"]["alice"];
    assert!(own["address"].as_str().unwrap().starts_with("39.96.20.11:"), "{own}");
    assert!(own["listen_addr"].as_str().unwrap().starts_with("172.16.3.8:"), "{own}");
    assert_eq!(json(&done, "nodes.json")[0]["node_ip"], "39.96.20.11");

    // What is private stays with alice, and her peer lets her in with what it sees of her.
    for shared in ["federation.json", "bob/plan.json", "bob/RUNBOOK.md", "bob/vm-b/firewall.nft"] {
        let text = file(&done, shared);
        assert!(!text.contains("172.16.3."), "{shared}: {text}");
        assert!(shared == "bob/plan.json" || text.contains("39.96.20.11"), "{shared}: {text}");
    }
    let firewall = file(&done, "alice/vm-a/firewall.nft");
    let gcs = firewall.lines().find(|line| line.contains("ray.gcs")).unwrap();
    assert!(gcs.contains("saddr 172.16.3.9 "), "{gcs}");
    let control = firewall.lines().find(|line| line.contains("\"control\"")).unwrap();
    assert!(control.contains("39.97.20.7"), "{control}");
    let runbook = file(&done, "alice/RUNBOOK.md");
    assert!(runbook.contains("39.96.20.11:20000 -> 172.16.3.8:20000    # control"), "{runbook}");
}

#[test]
fn numbers_that_a_load_balancer_maps_are_dialled_by_peers_and_planned_ones_are_listened_on() {
    let done = compile_text(&field("load-balancer"));
    assert_eq!(told(&done), [], "{}", shown(&done));
    let federation = json(&done, "federation.json");
    let known = &federation["parties"]["alice"]["hosts"]["vm-a"];
    assert_eq!(known["ports"]["control"], serde_json::json!([443, 443]));
    assert_eq!(known["ports"]["sf"].as_array().unwrap()[0], 8443);
    assert_eq!(known["ports"]["engine"], serde_json::json!([10443, 10443]));
    assert_eq!(known["peers"], serde_json::json!({ "engine": ["bob"] }));

    let plan = json(&done, "alice/plan.json");
    let planned = |role: &str| plan["hosts"]["vm-a"]["ports"][role][0].as_u64().unwrap();
    let own = &plan["links"]["sf"]["alice"];
    assert_eq!((&own["first"], &own["listen"][0][0]), (&8443.into(), &planned("sf").into()));
    let own = &plan["links"]["spu"]["spu"]["alice"];
    assert_eq!((&own["first"], &own["listen"][0][0]), (&9443.into(), &planned("spu").into()));
    let bob = json(&done, "bob/plan.json");
    assert_eq!(bob["links"]["sf"]["alice"]["first"], 8443);
    assert_eq!(bob["links"]["sf"]["alice"]["host"], "sf.alice.cn");

    let config = json(&done, "alice/vm-a/cluster_config.json");
    let own = &config["parties"]["alice"];
    assert_eq!(own["address"], "sf.alice.cn:8443");
    assert_eq!(own["listen_addr"], format!("172.16.3.8:{}", planned("sf")));
    let spu = json(&done, "alice/vm-a/spu.json");
    let own = &spu["spu"]["cluster_def"]["nodes"][0];
    assert_eq!(own["address"], "sf.alice.cn:9443");
    assert_eq!(own["listen_address"], format!("172.16.3.8:{}", planned("spu")));
    assert_eq!(json(&done, "nodes.json")[0]["sf_port"], 8443);
    let env = file(&done, "alice/vm-a/alice.env");
    assert!(env.contains(&format!("SF_PORT_RANGE_START={}\n", planned("sf"))), "{env}");

    let engine = plan["hosts"]["vm-a"]["processes"].to_string();
    assert!(engine.contains("172.16.3.8:8003") && engine.contains("sf.alice.cn:10443"), "{engine}");
    let client = bob["hosts"]["vm-b"]["processes"].to_string();
    assert!(client.contains("\"sf.alice.cn:10443\""), "{client}");
    assert!(client.contains("http://sf.alice.cn:10443/v1"), "{client}");
    assert!(bob["jobs"]["score"].to_string().contains("\"10443\""), "{}", bob["jobs"]);

    let ports = file(&done, "PORTS.md");
    assert!(ports.contains("| 8003 | engine | bob, own hosts, as 10443 outside |"), "{ports}");
    assert!(ports.contains("| control | peers, as 443 outside |"), "{ports}");
    let runbook = file(&done, "alice/RUNBOOK.md");
    assert!(runbook.contains("sf.alice.cn:10443 -> 172.16.3.8:8003    # engine"), "{runbook}");
    let runbook = file(&done, "bob/RUNBOOK.md");
    assert!(runbook.contains("39.97.20.7 -> sf.alice.cn 10443    # engine"), "{runbook}");
    let runbook = file(&done, "carol/RUNBOOK.md");
    assert!(!runbook.contains("10443") && runbook.contains("sf.alice.cn 443"), "{runbook}");
}

#[test]
fn mistakes_about_inside_and_outside_are_told_where_they_stand() {
    let text = field("load-balancer");
    for (from, to, code, place) in [
        ("outside \"sf\" 8443 8445", "outside \"sf\" 8443", "SF0259", "8443"),
        ("outside \"spu\" 9443 9445", "outside \"spu\" 8444 8446", "SF0258", "8444 8446"),
        ("outside \"control\" 443", "outside \"control\" 10443", "SF0258", "10443"),
        ("outside \"control\" 443", "outside \"ray.gcs\" 443", "SF0257", "\"ray.gcs\""),
        ("outside \"control\" 443", "outside \"enigne\" 443", "SF0257", "\"enigne\""),
        (" { peers \"bob\"; }", "", "SF0257", "\"engine\""),
        ("inside=\"172.16.3.8\"", "inside=\"0.0.0.0\"", "SF0256", "\"0.0.0.0\""),
        ("inside=\"172.16.3.8\"", "inside=\"39.97.20.7\"", "SF0256", "\"39.97.20.7\""),
        ("inside=\"172.16.3.8\"", "inside=\"172.16.3.8:80\"", "SF0005", "\"172.16.3.8:80\""),
        ("peers \"bob\"", "peers \"alice\" \"bob\"", "SF0155", "\"alice\""),
        ("peers \"bob\"", "peers \"caroll\" \"bob\"", "SF0101", "\"caroll\""),
        ("\"{host.address}:{port.engine}\"", "\"127.0.0.1:{port.engine}\"", "", ""),
    ] {
        let done = compile_text(&edited(&text, &[(from, to)]));
        let told = told(&done);
        match code {
            "" => assert_eq!(told, [], "{from}: {}", shown(&done)),
            _ => assert!(told.contains(&(code, place)), "{to}: {}", shown(&done)),
        }
        assert_eq!(broken_fixes(&done, compile_text), "", "{to}");
    }
}

#[test]
fn a_peer_on_another_machine_needs_the_machines_own_network() {
    let text = field("bridge-and-a-peer-elsewhere");
    let done = compile_text(&text);
    assert_eq!(told(&done), [("SF1003", "\"10.30.7.10\"")], "{}", shown(&done));
    let help = found(&done)[0].help.as_deref().unwrap();
    assert!(help.contains("`network=\"host\"`") && !help.contains("172.28"), "{help}");
    let done = compile_text(&mended(&text));
    assert_eq!(told(&done), [], "{}", shown(&done));
    assert!(file(&done, "bob/plan.json").contains("10.30.7.10"));
    // Where the other party is on the same bridge, an address of the bridge is what is missing.
    let beside = edited(
        &text,
        &[
            ("address=\"10.31.7.11\"", "address=\"172.28.0.11\""),
            ("bob/node.key\"", "bob/node.key\"\n    deploy \"docker\" network=\"fl\""),
        ],
    );
    let done = compile_text(&beside);
    assert_eq!(told(&done), [("SF1003", "\"10.30.7.10\"")], "{}", shown(&done));
    let help = found(&done)[0].help.as_deref().unwrap();
    assert!(help.contains("give the host an address of 172.28.0.0/24"), "{help}");
}

#[test]
fn machines_behind_one_address_have_ports_of_their_own_and_share_what_is_dialled() {
    let id = |name: &str| {
        format!(
            "identity ca=\"pki/{name}/ca.pem\" cert=\"pki/{name}/node.pem\" key=\"keys/{name}/node.key\""
        )
    };
    let text = format!(
        "topology \"t\" mode=\"production\"\nruntime \"embedded\"\nports scope=\"host\" {{ pool 20000 20099; }}\n\
         party \"alice\" {{ host \"a\" address=\"39.96.20.11\" inside=\"172.16.3.8\"; {}\n\
         service \"redis\" {{ command \"redis-server\"; port \"redis\" 6380; }}; }}\n\
         party \"bob\" {{ host \"b\" address=\"39.96.20.11\" inside=\"172.16.3.9\" {{ outside \"control\" 20001; }}; {}\n\
         service \"redis\" {{ command \"redis-server\"; port \"redis\" 6380; }}; }}\n",
        id("alice"),
        id("bob")
    );
    let done = compile_text(&text);
    assert_eq!(told(&done), [], "{}", shown(&done));
    let ports = |party: &str, host: &str, role: &str| {
        let plan = json(&done, &format!("{party}/plan.json"));
        plan["hosts"][host]["ports"][role][0].as_u64().unwrap()
    };
    assert_eq!(ports("alice", "a", "control"), 20000);
    // 20001 leads to bob's launcher already, and what alice has leads to her.
    assert_eq!(ports("alice", "a", "sf"), 20002);
    assert_eq!((ports("bob", "b", "control"), ports("bob", "b", "sf")), (20000, 20012));
}
