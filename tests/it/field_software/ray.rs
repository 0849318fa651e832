//! Ray nodes: sizes, the dashboard, and the receiver of a party with several of them.

use serde_json::{Value, json};

use super::{codes, compile, file, finding, help, plan, ray_flags, topology, with};

#[test]
fn the_receiver_is_tied_to_the_host_that_peers_dial() {
    let done = compile(&topology("two-ray-nodes"), &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let head = ray_flags(&done, "mill", "mill-head");
    assert!(head.contains(&r#"--resources={"sfgen:receiver":3}"#.to_owned()), "{head:?}");
    let other = ray_flags(&done, "mill", "mill-big");
    assert!(other.contains(&r#"--resources={"fpga":1}"#.to_owned()), "{other:?}");
    let label = |party: &str| {
        let plan = plan(&done, party);
        plan.secretflow.unwrap().init["cross_silo_comm_options"]["recv_resource_label"].clone()
    };
    assert_eq!(label("mill"), json!({ "sfgen:receiver": 1 }));
    // With one Ray node there is nothing to choose.
    assert_eq!(label("dairy"), Value::Null);
    assert!(!ray_flags(&done, "dairy", "dairy-1").iter().any(|flag| flag.contains("resources")));
}

#[test]
fn a_receiver_that_cannot_be_tied_is_told_with_the_other_host_and_the_job() {
    let text = with(&topology("two-ray-nodes"), "timeout=\"90s\"", "back-end=\"brpc_link\"");
    let text = format!("{text}\ntls \"off\" because=\"a test of the back-end alone\"\n");
    let done = compile(&text, &[]);
    let (found, places) = finding(&done, "SF0360");
    assert_eq!(places, [r#""mill-big""#, r#""brpc_link""#, r#""yield""#]);
    assert!(help(found).contains("`back-end=\"grpc\"` of `cross-silo`"), "{}", help(found));
    let done = compile(&with(&text, "brpc_link", "grpc"), &[]);
    assert!(!codes(&done).contains(&"SF0360"));
}

#[test]
fn sizes_of_a_ray_node_reach_flags_and_containers() {
    let done = compile(&topology("two-ray-nodes"), &[]);
    let flags = ray_flags(&done, "mill", "mill-big");
    for flag in ["--num-cpus=64", "--num-gpus=2", "--memory=68719476736"] {
        assert!(flags.contains(&flag.to_owned()), "{flags:?}");
    }
    let compose = file(&done, "mill/mill-big/docker/compose.yaml");
    let devices = "          devices:\n            - driver: \"nvidia\"\n              count: 2\n";
    assert!(compose.contains(devices), "{compose}");
    assert!(!file(&done, "mill/mill-head/docker/compose.yaml").contains("devices:"));
    let units = with(&topology("two-ray-nodes"), "deploy \"docker\"", "deploy \"systemd\"");
    let done = compile(&units, &[]);
    let unit = file(&done, "mill/mill-big/systemd/sfgen-nodes-mill-ray.service");
    assert!(unit.contains("DeviceAllow=char-nvidia rw\n") && unit.contains("PrivateDevices=no\n"));
    let unit = file(&done, "mill/mill-head/systemd/sfgen-nodes-mill-ray.service");
    assert!(!unit.contains("DeviceAllow=") && unit.contains("PrivateDevices=yes\n"));
}

#[test]
fn a_published_dashboard_that_is_not_started_is_told_with_both_places() {
    let text = topology("published-dashboard");
    let done = compile(&text, &[]);
    let (found, places) = finding(&done, "SF0361");
    assert_eq!(places, [r#""8265:8265""#, "8265", r#""first""#]);
    assert!(help(found).contains("`ray dashboard=#true` in host `first`"), "{}", help(found));

    let followed =
        with(&text, "address=\"172.31.0.10\"", "address=\"172.31.0.10\" { ray dashboard=#true; }");
    let done = compile(&followed, &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let flags = ray_flags(&done, "mill", "first");
    for flag in ["--include-dashboard=True", "--dashboard-host=0.0.0.0", "--dashboard-port=8265"] {
        assert!(flags.contains(&flag.to_owned()), "{flags:?}");
    }
    assert!(file(&done, "mill/requirements.txt").contains("\naiohttp-cors=="));
    assert!(!file(&done, "dairy/requirements.txt").contains("aiohttp-cors"));
    let rules = file(&done, "mill/first/firewall.nft");
    let rule = rules.lines().find(|line| line.contains("8265") && line.contains("accept"));
    assert!(rule.is_some_and(|rule| !rule.contains("saddr")), "{rules}");
}

#[test]
fn a_dashboard_that_nobody_publishes_listens_on_loopback_alone() {
    let text = topology("two-ray-nodes");
    let started = with(&text, "ray cpus=1;", "ray cpus=1 dashboard=#true;");
    let done = compile(&started, &[]);
    let flags = ray_flags(&done, "mill", "mill-head");
    assert!(flags.contains(&"--dashboard-host=127.0.0.1".to_owned()), "{flags:?}");
    let elsewhere = with(&text, "gpus=2", "gpus=2 dashboard=#true");
    let (found, places) = (compile(&elsewhere, &[]), ["#true", r#""mill-head""#]);
    assert_eq!(finding(&found, "SF0361").1, places);
    let older = with(&started, "1.13.0b0", "1.11.0b1");
    assert_eq!(finding(&compile(&older, &[]), "SF0361").1, ["#true"]);
}

#[test]
fn a_simulation_on_one_host_has_no_dashboard_to_publish() {
    let text = topology("published-dashboard");
    let (first, _) = text.split_once("party \"dairy\"").unwrap();
    let done = compile(first, &[]);
    let (found, _) = finding(&done, "SF0361");
    assert!(help(found).starts_with("drop both: a simulation on one host"), "{}", help(found));
}
