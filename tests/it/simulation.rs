//! Ray clusters over several hosts, and simulations, on the real SecretFlow.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::{
    clusters::{Namespace, make_environment, topology},
    launcher::{Launcher, last_error},
    process::{below, processes_of, signal},
};

#[test]
#[ignore = "needs Python 3.10 and SecretFlow; .ci/run installs them"]
fn on_one_machine_a_job_is_one_command() {
    let ws = topology("simulation-standalone.kdl", "secure_sum3.py").planned();
    let ran = ws.run(&["run", "secure-sum", "--party", "alice"]).success();
    assert_eq!(ran.stdout.lines().last(), Some("sum [111. 222.]"), "{}", ran.stderr);
}

#[test]
#[ignore = "needs root, ip, Python 3.10 and SecretFlow; .ci/run installs them"]
fn on_a_cluster_a_job_waits_for_the_nodes_of_all_parties() {
    let namespace = Namespace::with(&["10.77.0.1", "10.77.0.2"]);
    let mut ws = topology("simulation-cluster.kdl", "secure_sum.py").planned();
    // The namespace reaches no package index.
    make_environment(&ws, "alice");
    ws.namespace = Some(namespace.name().to_owned());
    let mut head = Launcher::start(&ws, &["apply", "--party", "alice"]);
    head.wait_for("service ray ready");
    let mut run = Launcher::start(&ws, &["run", "secure-sum", "--party", "alice"]);
    run.wait_for("waiting for the Ray node of bob");
    let mut node = Launcher::start(&ws, &["apply", "--party", "bob"]);
    node.wait_for("service ray ready");
    let (status, stdout, said) = run.end();
    assert_eq!((status, stdout.lines().last()), (0, Some("sum [11. 22.]")), "{said}");
    for up in [node, head] {
        up.signal(Signal::SIGTERM);
        assert_eq!(up.end().0, 130);
    }
}

#[test]
#[ignore = "needs root, ip, Python 3.10 and SecretFlow; .ci/run installs them"]
fn two_hosts_of_one_address_are_two_nodes_whichever_starts_first() {
    let namespace = Namespace::with(&["172.23.139.91"]);
    let mut ws = topology("wsl.kdl", "secure_sum.py");
    ws.edit("topology.kdl", |text| {
        let job = "job \"secure-sum\" script=\"secure_sum.py\" { parties \"alice\" \"bob\"; }\n";
        text.replace("cpus=4", "cpus=2") + job
    });
    ws = ws.planned();
    make_environment(&ws, "alice");
    ws.namespace = Some(namespace.name().to_owned());
    let mut node = Launcher::start(&ws, &["apply", "--party", "bob"]);
    node.wait_for("service ray starting");
    let mut head = Launcher::start(&ws, &["apply", "--party", "alice"]);
    head.wait_for("service ray ready");
    node.wait_for("service ray ready");
    let ran = ws.run(&["run", "secure-sum", "--party", "alice"]).success();
    assert_eq!(ran.stdout.lines().last(), Some("sum [11. 22.]"), "{}", ran.stderr);
    // What the head leaves behind ends with the launcher of the node.
    interrupted(head);
    interrupted(node);
    assert!(processes_of(&ws).is_empty(), "{:?}", processes_of(&ws));
}

/// Ends a launcher by a signal, which leaves nothing of it.
fn interrupted(launcher: Launcher) {
    launcher.signal(Signal::SIGTERM);
    let (status, _, said) = launcher.end();
    assert_eq!(status, 130, "{said}");
}

#[test]
#[ignore = "needs root, ip, Python 3.10 and SecretFlow; .ci/run installs them"]
fn a_further_host_joins_its_party_s_ray_and_its_end_ends_the_run() {
    let namespace = Namespace::with(&["10.77.0.1", "10.77.0.2", "10.77.0.3"]);
    let ws = topology("multi-host.kdl", "share.py");
    // It stays after its result, so that a host can go while it runs.
    ws.edit("share.py", |text| text.replace("sf.shutdown()", "import time\ntime.sleep(600)"));
    let mut ws = ws.with_keys(&["alice", "bob"]).planned();
    make_environment(&ws, "alice");
    ws.namespace = Some(namespace.name().to_owned());
    let up = |args: &[&str]| Launcher::start(&ws, &[&["apply", "--party"], args].concat());
    let mut alice = up(&["alice"]);
    // It waits for the head, which comes later.
    let mut second = up(&["bob", "--host", "bob-2"]);
    second.wait_for("service ray starting");
    let mut bob = up(&["bob"]);
    bob.wait_for("host bob-2 is ready");
    alice.wait_for(": armed");
    let mut runs =
        ["alice", "bob"].map(|party| Launcher::start(&ws, &["run", "share", "--party", party]));
    for (run, party) in runs.iter_mut().zip(["alice", "bob"]) {
        run.wait_for("starts in slot");
        let started = Instant::now();
        while !ws.log_contains(party, "job-share-", "share 42") {
            assert!(started.elapsed() < Duration::from_mins(1), "{party} has no result");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let raylet = below(second.pid().as_raw()).into_iter().find(|(_, name)| name == "raylet");
    signal("KILL", raylet.expect("the node of bob-2").0);
    let killed = Instant::now();
    for run in runs {
        let (status, _, said) = run.end();
        assert!(killed.elapsed() < Duration::from_secs(10), "{:?}", killed.elapsed());
        assert_eq!(status, 5, "{said}");
        assert!(last_error(&said).contains("bob: host bob-2 at 10.77.0.3"), "{said}");
    }
    // A node that was killed comes back, and joins a head that was started again.
    bob.wait_for("host bob-2 is ready");
    interrupted(bob);
    second.wait_for("joins it again when it is back");
    let mut bob = up(&["bob"]);
    bob.wait_for("host bob-2 is ready");
    for launcher in [second, bob, alice] {
        interrupted(launcher);
    }
    assert!(processes_of(&ws).is_empty(), "{:?}", processes_of(&ws));
}
