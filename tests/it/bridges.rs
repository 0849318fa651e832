//! Published ports, and what a bridge keeps apart.

use crate::{
    federation::compile_text,
    support::mended::{check, edited, found, shown},
};

/// Two parties on a bridge of one machine.
const BRIDGE: &str = r#"topology "t"
runtime "secretflow" version="1.13.0b0" engine="ray"
network "sfnet" subnet="192.168.0.0/24"
party "alice" {
    host "a" address="192.168.0.10" { reserve 22 8443; }
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
    deploy "docker" network="sfnet" { publish "6080:1080" "9100-9101:9100-9101"; }
    service "web" { command "web"; port "http" 1080; }
    pin "sf" 9100 9101
}
party "bob" {
    host "b" address="192.168.0.20"
    identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"
    deploy "docker" network="sfnet" { publish "9200:9200"; }
    pin "sf" 9200
}
spu "spu" { parties "alice" "bob"; }
"#;

/// Two parties on machines of their own, one with containers on the machine's own network.
const PLAIN_DOCKER: &str = r#"topology "t"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" { host "a" address="192.168.0.1"; identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"; }
party "bob" {
    host "b" address="10.0.0.2"
    identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"
    deploy "docker" network="host"
}
"#;

#[test]
fn published_ports_lead_to_listeners() {
    let sound = "publish \"6080:1080\"";
    for (bad, code, help) in [
        ("publish 1080", "SF1006", "write both: `publish \"1080:1080\"`"),
        ("publish \"127.0.0.1::1080\"", "SF1006", "write both: `publish \"127.0.0.1:1080:1080\"`"),
        ("publish \"6080:30801\"", "SF1007", "write `publish \"6080:1080\"`"),
        ("publish \"6080-6081:1080-1081\"", "SF1007", "write `publish \"6080:1080\"`"),
        ("publish \"22:1080\"", "SF1008", "such as 9201"),
        ("publish \"6080:1080\" \"6080:9101\"", "SF1008", "such as 9201"),
    ] {
        check(BRIDGE, &[(sound, bad)], code, help, &[(bad, sound)]);
    }
    let (bob, taken, free) =
        ("publish \"9200:9200\"", "publish \"9101:9200\"", "publish \"9102:9200\"");
    check(BRIDGE, &[(bob, taken)], "SF1008", "such as 9102", &[(taken, free)]);
    let apart = edited(BRIDGE, &[(bob, taken), (sound, "publish \"10.0.0.9:9101:1080\"")]);
    let ranges = "\"9100-9101:9100-9101\"";
    let apart = edited(&apart, &[(ranges, ""), (taken, "publish \"10.0.0.8:9101:9200\"")]);
    assert!(found(&compile_text(&apart)).is_empty(), "two addresses of a machine do not meet");
}

#[test]
fn a_published_port_without_a_declared_listener_gets_a_pin() {
    let (pin, none) = ("    pin \"sf\" 9200\n", "    // nothing\n");
    let help = "say who listens there: `pin \"sf\" 9200`";
    check(BRIDGE, &[(pin, none)], "SF1007", help, &[(none, pin)]);
    let (alone, both) = ("publish 9200", "publish \"9200:9200\"");
    let mended = [(alone, both), (none, pin)];
    check(BRIDGE, &[(pin, none), (both, alone)], "SF1006", help, &mended);
}

#[test]
fn only_a_bridge_publishes() {
    let (bridge, host) = ("network=\"sfnet\" { publish \"9200:9200\"; }", "network=\"host\"");
    let of_host = "network=\"host\" { publish \"9200:9200\"; }";
    check(PLAIN_DOCKER, &[(host, of_host)], "SF0012", "drop `publish`", &[(of_host, host)]);
    for target in ["docker", "process", "systemd"] {
        let deploy = format!("deploy \"{target}\" {{ publish 9200; publish 9201; }}");
        let sound = format!("deploy \"{target}\"");
        let mended: &[(&str, &str)] = &[(&deploy, &sound)];
        let own = "deploy \"docker\" network=\"host\"";
        check(PLAIN_DOCKER, &[(own, &deploy)], "SF0012", "drop `publish`", mended);
    }
    let network = "network \"sfnet\" subnet=\"192.168.0.0/24\"\nparty \"bob\"";
    let bridged = [(host, bridge), ("address=\"10.0.0.2\"", "address=\"192.168.0.2\"")];
    let bridged = edited(&edited(PLAIN_DOCKER, &bridged), &[("party \"bob\"", network)]);
    let pinned = edited(&bridged, &[("    deploy", "    pin \"sf\" 9200\n    deploy")]);
    assert!(found(&compile_text(&pinned)).is_empty());
}

#[test]
fn rays_nodes_do_not_reach_each_other_through_a_bridge() {
    let far = "    host \"a2\" address=\"10.0.0.2\"\n    identity ca=\"a/";
    let spu = "spu \"spu\" { parties \"alice\" \"bob\"; }";
    let own = "network=\"sfnet\" { publish \"6080:1080\" \"9100-9101:9100-9101\"; }";
    let mistake = [("    identity ca=\"a/", far), (spu, "")];
    let help = "write `network=\"host\"`, without `publish`, with the machines' own addresses";
    check(BRIDGE, &mistake, "SF1009", help, &[(own, "network=\"host\"")]);
    let done = compile_text(&edited(BRIDGE, &mistake));
    assert_eq!(found(&done)[0].labels.len(), 3, "network, other host, what is published");
    // The same with a mapping that would be wrong by itself, and with both hosts elsewhere.
    let more = [("\"6080:1080\"", "8265"), ("address=\"192.168.0.10\"", "address=\"10.0.0.1\"")];
    let worse = edited(&edited(BRIDGE, &mistake), &more);
    assert_eq!(found(&compile_text(&worse)).len(), 1, "{}", shown(&compile_text(&worse)));
    // Without Ray each address is looked at alone.
    let threads = edited(&worse, &[("engine=\"ray\"", "engine=\"threads\"")]);
    let done = compile_text(&threads);
    let codes: Vec<&str> = found(&done).iter().map(|finding| finding.code.0).collect();
    assert_eq!(codes.iter().filter(|code| **code == "SF1003").count(), 2, "{codes:?}");
    let inside = edited(&edited(BRIDGE, &mistake), &[("10.0.0.2", "192.168.0.11")]);
    assert!(found(&compile_text(&inside)).is_empty(), "all nodes are on one machine");
}

#[test]
fn the_ray_cluster_of_a_simulation_is_on_one_machine_or_on_none_of_a_bridge() {
    // A simulation has no cross-silo ports to pin.
    let simulation = edited(
        BRIDGE,
        &[
            ("topology \"t\"", "topology \"t\" mode=\"simulation\""),
            ("pin \"sf\" 9100", "pin \"spu\" 9100"),
            ("pin \"sf\" 9200", "pin \"spu\" 9200"),
        ],
    );
    assert!(found(&compile_text(&simulation)).is_empty(), "one bridge");
    let far = ("address=\"192.168.0.20\"", "address=\"10.0.0.2\"");
    let alice = "network=\"sfnet\" { publish \"6080:1080\" \"9100-9101:9100-9101\"; }";
    let bob = "network=\"sfnet\" { publish \"9200:9200\"; }";
    let host = "network=\"host\"";
    let help = "write `network=\"host\"` for each of them, without `publish`";
    check(&simulation, &[far], "SF1009", help, &[(alice, host), (bob, host)]);
    // A node that is not a container is just as far away.
    let process = ("deploy \"docker\" network=\"sfnet\" { publish \"9200:9200\"; }", "");
    check(&simulation, &[far, process], "SF1009", "`network=\"host\"`, without", &[(alice, host)]);
}

#[test]
fn addresses_of_a_bridge_are_dialled_from_its_machine_only() {
    let outside = [
        ("address=\"192.168.0.20\"", "address=\"10.0.0.2\""),
        ("deploy \"docker\" network=\"sfnet\" { publish \"9200:9200\"; }", ""),
    ];
    let own = "network=\"sfnet\" { publish \"6080:1080\" \"9100-9101:9100-9101\"; }";
    let help = "`network=\"host\"`, and advertise the machine's address";
    check(BRIDGE, &outside, "SF1011", help, &[(own, "network=\"host\"")]);
    let apart = edited(&edited(BRIDGE, &outside), &[("spu \"spu\"", "/-spu \"spu\"")]);
    assert!(found(&compile_text(&apart)).is_empty(), "they share nothing");
    // The machine itself has the bridge's first address.
    let machine =
        edited(BRIDGE, &[("address=\"192.168.0.20\"", "address=\"192.168.0.1\""), outside[1]]);
    assert!(found(&compile_text(&machine)).is_empty(), "{}", shown(&compile_text(&machine)));
    // Two bridges do not reach each other: one finding for the two.
    let lab = "network \"lab\" subnet=\"192.168.1.0/24\"\nparty \"bob\"";
    let other = ("network=\"sfnet\" { publish \"9200:9200\"; }", "network=\"lab\"");
    let address = ("address=\"192.168.0.20\"", "address=\"192.168.1.20\"");
    let two = edited(BRIDGE, &[other, address, ("party \"bob\"", lab)]);
    let done = compile_text(&two);
    assert_eq!(found(&done).len(), 1, "{}", shown(&done));
}
