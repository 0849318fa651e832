//! Ports that a service opens to peers, and what is closed to them. The topology stands in `tests/field/`.

use crate::{
    federation::compile_text,
    field_addresses::{field, file, json, mended, place, told},
    fixes::broken_fixes,
    support::{
        mended::{edited, found, shown},
        workspace::Workspace,
    },
};

#[test]
fn a_port_for_peers_is_opened_to_exactly_them() {
    let text = field("peers-port");
    let done = compile_text(&text);
    assert_eq!(told(&done), [], "{}", shown(&done));
    let firewall = file(&done, "bob/bob-1/firewall.nft");
    let engine = firewall.lines().find(|line| line.contains("\"engine\"")).unwrap();
    assert!(engine.contains("ip saddr 10.30.0.4 tcp dport 8003 accept"), "{engine}");
    assert!(!firewall.lines().any(|line| line.contains("\"redis\"")), "{firewall}");
    let federation = json(&done, "federation.json");
    let bob = &federation["parties"]["bob"]["hosts"]["bob-1"];
    assert_eq!(bob["peers"], serde_json::json!({ "engine": ["alice"] }));
    assert!(bob["ports"].get("redis").is_none(), "{bob}");
    let ports = file(&done, "PORTS.md");
    assert!(ports.contains("| 8003 | engine | alice, own hosts |"), "{ports}");
    assert!(ports.contains("| 6380 | redis | own hosts |"), "{ports}");
    let opens =
        |runbook: &str| file(&done, runbook).contains("10.30.0.4 -> 10.30.0.5 8003    # engine");
    assert!(opens("alice/RUNBOOK.md") && opens("bob/RUNBOOK.md"));
    assert!(!file(&done, "carol/RUNBOOK.md").contains("8003"));
    let plan = file(&done, "alice/plan.json");
    assert!(plan.contains("10.30.0.5:8003"), "{plan}");
}

#[test]
fn what_is_closed_to_the_writer_is_told_at_both_places_and_can_be_opened() {
    let text = field("peers-port");
    let carol = "command \"worker\";";
    for (dialled, code, help) in [
        (
            "{party.bob.port.engine}",
            "SF0156",
            "open it there: `port \"engine\" 8003 { peers \"alice\" \"carol\"; }`",
        ),
        (
            "10.30.0.5:8003",
            "SF0156",
            "open it there: `port \"engine\" 8003 { peers \"alice\" \"carol\"; }`",
        ),
        ("http://10.30.0.5:8003/v1", "SF0156", "open it there: `port \"engine\" 8003 { peers"),
        ("--engine=10.30.0.5:8003", "SF0156", "open it there: `port \"engine\" 8003 { peers"),
        (
            "redis://10.30.0.5:6380/0",
            "SF0156",
            "open it there: `port \"redis\" 6380 { peers \"carol\"; }`",
        ),
        (
            "redis://10.30.0.5/0",
            "SF0156",
            "`redis://{party.bob.address}:{party.bob.port.redis}/0`, and open it there",
        ),
        ("{party.bob.port.engin}", "SF0108", "did you mean `{party.bob.port.engine}`?"),
        ("{party.bobb.port.engine}", "SF0108", "did you mean `{party.bob.port.engine}`?"),
        ("{party.dave.address}", "SF0108", "known: `{party.alice.address}`"),
        ("{party.bob.host.bob-2.address}", "SF0108", "`{party.bob.host.bob-1.address}`"),
    ] {
        let done =
            compile_text(&edited(&text, &[(carol, &format!("command \"worker\" \"{dialled}\";"))]));
        let [finding] = found(&done)[..] else { panic!("{dialled}: {}", shown(&done)) };
        assert_eq!(finding.code.0, code, "{dialled}: {}", shown(&done));
        assert!(place(&done, finding).contains(dialled), "{}", shown(&done));
        assert!(finding.help.as_deref().unwrap().contains(help), "{}", shown(&done));
        assert!(code != "SF0156" || finding.labels.len() == 2, "{}", shown(&done));
    }
    let opened = edited(
        &text,
        &[
            (carol, "command \"worker\" \"10.30.0.5:8003\";"),
            ("peers \"alice\"", "peers \"alice\" \"carol\""),
        ],
    );
    let done = compile_text(&opened);
    assert_eq!(told(&done), [], "{}", shown(&done));
    assert!(
        file(&done, "bob/bob-1/firewall.nft").contains("{ 10.30.0.4, 10.30.0.6 } tcp dport 8003")
    );
}

#[test]
fn a_peers_service_on_another_host_is_named_with_that_host() {
    let moved = edited(
        &field("peers-port"),
        &[
            (
                "host \"bob-1\" address=\"10.30.0.5\"",
                "host \"bob-1\" address=\"10.30.0.5\"\n    host \"bob-2\" address=\"10.30.0.8\"",
            ),
            ("service \"engine\" {", "service \"engine\" host=\"bob-2\" {"),
        ],
    );
    let done = compile_text(&moved);
    assert_eq!(told(&done)[0].0, "SF0157", "{}", shown(&done));
    let named = edited(
        &moved,
        &[(
            "{party.bob.address}:{party.bob.port.engine}",
            "{party.bob.host.bob-2.address}:{party.bob.host.bob-2.port.engine}",
        )],
    );
    let done = compile_text(&named);
    assert_eq!(told(&done), [], "{}", shown(&done));
    assert!(file(&done, "alice/plan.json").contains("10.30.0.8:8003"));
    assert!(
        file(&done, "bob/bob-2/firewall.nft")
            .contains("ip saddr { 10.30.0.4, 10.30.0.5 } tcp dport 8003")
    );
}

#[test]
fn a_port_for_peers_is_not_listened_on_at_loopback() {
    let text = field("peers-port");
    for words in [
        "\"--bind\" \"127.0.0.1:{port.engine}\"",
        "\"--host\" \"127.0.0.1\" \"--port\" \"{port.engine}\"",
        "\"--listen=localhost:{port.engine}\"",
    ] {
        let done = compile_text(&edited(&text, &[("\"--port\" \"{port.engine}\"", words)]));
        assert_eq!(
            told(&done).iter().map(|told| told.0).collect::<Vec<_>>(),
            ["SF0159"],
            "{}",
            shown(&done)
        );
        assert_eq!(broken_fixes(&done, compile_text), "");
        let done =
            compile_text(&mended(&edited(&text, &[("\"--port\" \"{port.engine}\"", words)])));
        assert_eq!(told(&done), [], "{}", shown(&done));
    }
}

#[test]
fn a_rename_reaches_what_other_parties_say_of_a_party_a_host_and_a_port() {
    let ws = Workspace::empty();
    let dialled = "{party.bob.host.bob-1.address}:{party.bob.host.bob-1.port.engine}";
    let text = edited(
        &field("peers-port"),
        &[
            ("command \"worker\";", &format!("command \"worker\" \"{dialled}\";")),
            ("peers \"alice\"", "peers \"alice\" \"carol\""),
            (
                "host \"bob-1\" address=\"10.30.0.5\"",
                "host \"bob-1\" address=\"10.30.0.5\" { outside \"engine\" 9003; }",
            ),
        ],
    );
    ws.write("topology.kdl", &text);
    for (old, new) in
        [("bob/bob-1/engine", "bob/bob-1/motor"), ("bob/bob-1", "bob/box"), ("bob", "dave")]
    {
        ws.run(&["mv", old, new]).success();
    }
    let renamed = ws.read("topology.kdl");
    assert!(renamed.contains("\"{party.dave.address}:{party.dave.port.motor}\""), "{renamed}");
    let dialled = "\"{party.dave.host.box.address}:{party.dave.host.box.port.motor}\"";
    assert!(renamed.contains(dialled), "{renamed}");
    assert!(renamed.contains("outside \"motor\" 9003"), "{renamed}");
    assert!(renamed.contains("port \"motor\" 8003 { peers \"alice\" \"carol\"; }"), "{renamed}");
    assert_eq!(told(&compile_text(&renamed)), []);
    ws.run(&["mv", "alice", "erin"]).success();
    assert!(ws.read("topology.kdl").contains("peers \"erin\" \"carol\""));
}

#[test]
fn a_number_behind_the_address_of_a_peer_is_judged_however_the_address_is_written() {
    let text = field("peers-port");
    let carol = "command \"worker\";";
    let with = |dialled: &str| {
        let second = "host \"bob-2\" address=\"10.30.0.9\"\n    service \"late\" host=\"bob-2\" { command \"late\" \"{port.late}\"; port \"late\" 8009 { peers \"carol\"; }; }\n    identity ca=\"pki/bob";
        let command = format!("command \"worker\" \"{dialled}\";");
        compile_text(&edited(&text, &[(carol, &command), ("identity ca=\"pki/bob", second)]))
    };
    let moved = "{party.bob.host.bob-2.address}:{party.bob.host.bob-2.port.late}";
    for (dialled, code, help) in [
        ("{party.bob.address}:8003", "SF0156", "open it there: `port \"engine\" 8003"),
        ("http://{party.bob.host.bob-1.address}:8003/v1", "SF0156", "open it there"),
        ("redis://{party.bob.address}:6380/0", "SF0156", "open it there: `port \"redis\""),
        ("10.30.0.5:8009", "SF0157", moved),
        ("{party.bob.address}:8009", "SF0157", moved),
        ("http://10.30.0.5:8009/v1", "SF0157", moved),
        ("10.30.0.9:8003", "SF0157", "`, and open it there: `port \"engine\" 8003"),
    ] {
        let done = with(dialled);
        let [finding] = found(&done)[..] else { panic!("{dialled}: {}", shown(&done)) };
        assert_eq!(finding.code.0, code, "{dialled}: {}", shown(&done));
        assert!(place(&done, finding).contains(dialled), "{}", shown(&done));
        assert!(finding.help.as_deref().unwrap().contains(help), "{}", shown(&done));
        assert_eq!(finding.labels.len(), 2, "{}", shown(&done));
    }
    // Numbers of programs that are not in the topology are theirs.
    for dialled in ["10.30.0.9:8009", "{party.bob.host.bob-2.address}:8009", "10.30.0.5:9999"] {
        assert_eq!(told(&with(dialled)), [], "{dialled}: {}", shown(&with(dialled)));
    }
}
