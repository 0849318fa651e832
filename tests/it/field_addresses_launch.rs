//! Parties behind what maps their addresses and ports: real launchers meet and compute through it.

use std::net::{Ipv4Addr, TcpListener};

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    middle_box::{BEHIND, MiddleBox},
    networks::Networks,
    workspace::Workspace,
};

/// Two parties and a sum; bob is dialled at `address`, has `inside` himself, and what is mapped for him.
fn topology(ws: &Workspace, alice: &str, bob: &str, outside: &str) -> String {
    let identity = |name: &str| {
        format!(
            "identity ca=\"pki/{name}/ca.pem\" cert=\"pki/{name}/node.pem\" key=\"keys/{name}/node.key\""
        )
    };
    format!(
        "topology \"mapped\" mode=\"production\"\nruntime \"embedded\"\n{}\
         party \"alice\" {{\n    host \"alice-1\" {alice}\n    {}\n}}\n\
         party \"bob\" {{\n    host \"bob-1\" {bob} {{\n{outside}    }}\n    {}\n}}\n\
         job \"total\" kind=\"sum\" {{ parties \"alice\" \"bob\"; input \"alice\" 11; input \"bob\" 31; }}\n",
        ws.ports.node(),
        identity("alice"),
        identity("bob"),
    )
}

#[test]
fn a_party_behind_a_proxy_is_dialled_at_other_numbers_and_meets_and_computes() {
    let ws = Workspace::empty();
    let front = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (control, sf) = (front(), front());
    let number = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let outside = format!(
        "        outside \"control\" {}\n        outside \"sf\" {}\n",
        number(&control),
        number(&sf)
    );
    let bob = format!("address=\"127.0.0.1\" inside=\"{BEHIND}\"");
    ws.write("topology.kdl", &topology(&ws, "address=\"127.0.0.1\"", &bob, &outside));
    let ws = ws.with_keys(&["alice", "bob"]).planned();
    let dialled = number(&control);
    let _control = MiddleBox::leading(control, ws.port("bob", "control"));
    let _sf = MiddleBox::leading(sf, ws.port("bob", "sf"));

    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for(&format!("waiting for bob at 127.0.0.1:{dialled}"));
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    alice.wait_for("alice: armed");
    bob.wait_for("bob: armed");
    let at_alice = Launcher::start(&ws, &["run", "total", "--party", "alice"]);
    let at_bob = Launcher::start(&ws, &["run", "total", "--party", "bob"]);
    for (status, stdout, said) in [at_alice.end(), at_bob.end()] {
        assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
    }
    // He listens on his own address alone.
    let port = ws.port("bob", "control");
    assert!(std::net::TcpStream::connect((BEHIND, port)).is_ok());
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    ws.run(&["stop"]).success();
    assert_eq!((alice.end().0, bob.end().0), (0, 0));
    assert_nothing_left(&ws);
}

#[test]
#[ignore = "needs root, ip and nft; .ci/run installs them"]
fn a_party_behind_a_nat_is_dialled_at_the_public_address_and_guarded_by_its_own_firewall() {
    // Alice has 10.9.0.2, the NAT 47.98.10.10 in front of bob, who has 10.1.0.4.
    let networks = Networks::new(&["alice", "nat", "bob"]);
    networks.join((0, 1), ("10.9.0.2/24", "10.9.0.1/24"));
    networks.join((2, 1), ("10.1.0.4/24", "10.1.0.1/24"));
    networks.exec(1, &["ip", "address", "add", "47.98.10.10/32", "dev", "lo"]);
    networks.exec(1, &["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    networks.exec(0, &["ip", "route", "add", "default", "via", "10.9.0.1"]);
    networks.exec(2, &["ip", "route", "add", "default", "via", "10.1.0.1"]);

    let mut ws = Workspace::empty();
    let outside = "        outside \"control\" 443\n        outside \"sf\" 8443\n";
    let bob = "address=\"47.98.10.10\" inside=\"10.1.0.4\"";
    ws.write("topology.kdl", &topology(&ws, "address=\"10.9.0.2\"", bob, outside));
    ws = ws.with_keys(&["alice", "bob"]).planned();
    let (control, sf) = (ws.port("bob", "control"), ws.port("bob", "sf"));
    let nat = format!(
        "table ip nat {{ chain pre {{ type nat hook prerouting priority dstnat;\n\
         ip daddr 47.98.10.10 tcp dport 443 dnat to 10.1.0.4:{control}\n\
         ip daddr 47.98.10.10 tcp dport 8443 dnat to 10.1.0.4:{sf}\n}}\n\
         chain post {{ type nat hook postrouting priority srcnat;\n\
         ip saddr 10.1.0.4 ip daddr 10.9.0.2 snat to 47.98.10.10\n}}\n}}\n"
    );
    ws.write("nat.nft", &nat);
    networks.exec(1, &["nft", "-f", ws.join("nat.nft").to_str().unwrap()]);
    for (network, party) in [(0, "alice"), (2, "bob")] {
        let firewall = ws.join(&format!("generated/{party}/{party}-1/firewall.nft"));
        networks.exec(network, &["nft", "-f", firewall.to_str().unwrap()]);
    }
    let mut other = ws.copy();
    ws.namespace = Some(networks.0[0].clone());
    other.namespace = Some(networks.0[2].clone());
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob at 47.98.10.10:443");
    let mut bob = Launcher::start(&other, &["apply", "--party", "bob"]);
    alice.wait_for("alice: armed");
    bob.wait_for("bob: armed");
    let at_alice = Launcher::start(&ws, &["run", "total", "--party", "alice"]);
    let at_bob = Launcher::start(&other, &["run", "total", "--party", "bob"]);
    for (status, stdout, said) in [at_alice.end(), at_bob.end()] {
        assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
    }
    for up in [alice, bob] {
        up.signal(Signal::SIGTERM);
        let (status, _, said) = up.end();
        assert_eq!(status, 130);
        assert!(!said.contains("SF084"), "each has the address that is its own: {said}");
    }
}
