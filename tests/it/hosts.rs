//! A party of several hosts, and a simulation: launchers that have nobody to meet.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left, last_error},
    process::{below, signal},
    workspace::Workspace,
};

/// Alice with a second host, on which a service of hers runs.
fn two_hosts() -> Workspace {
    let ws = Workspace::example("two_parties");
    ws.edit("topology.kdl", |text| {
        let host = "party \"alice\" {\n    host \"alice-2\" address=\"127.0.0.1\"\n    \
                    service \"clock\" host=\"alice-2\" { command \"sleep\" \"600\"; }\n";
        let moved = text.replacen("party \"alice\" {\n", host, 1);
        // The first host stays the first.
        let own = moved.lines().find(|line| line.contains("host \"alice-1\"")).unwrap().to_owned();
        let rest = moved.replacen(&format!("{own}\n"), "", 1);
        rest.replacen("party \"alice\" {\n", &format!("party \"alice\" {{\n{own}\n"), 1)
    });
    ws.with_keys(&["alice", "bob"]).planned()
}

#[test]
fn a_further_host_is_brought_up_by_its_own_launcher() {
    let ws = two_hosts();
    let mut second = Launcher::start(&ws, &["apply", "--party", "alice", "--host", "alice-2"]);
    second.wait_for("service clock ready");
    // The first host is another place: its launcher and its jobs go on as before.
    let ran = ws.run(&["run", "total", "--all"]).success();
    assert_eq!(ran.stdout, "sum 42\n", "{}", ran.stderr);
    ws.run(&["stop"]).success();
    assert_eq!(second.end().0, 0);
    assert_nothing_left(&ws);
}

/// Two parties with a job that stays, and a further host of alice.
fn job_with_two_hosts() -> Workspace {
    let ws = Workspace::with_shell_job(&["alice", "bob"], "echo begun\nexec sleep 600\n");
    ws.edit("topology.kdl", |text| {
        let first = "host \"alice-1\" address=\"127.0.0.1\"\n";
        let second = "    host \"alice-2\" address=\"127.0.0.1\"\n    \
                      service \"clock\" host=\"alice-2\" { command \"sleep\" \"600\"; }\n";
        text.replacen(first, &format!("{first}{second}"), 1)
    });
    ws.planned()
}

fn up(ws: &Workspace, args: &[&str]) -> Launcher {
    let mut launcher = Launcher::start(ws, &[&["apply", "--party"], args].concat());
    // It has its place, so that runs come to it.
    launcher.wait_for(": preflight");
    launcher
}

/// Both sides of the job, waited for until they run.
fn running(ws: &Workspace) -> [Launcher; 2] {
    ["alice", "bob"]
        .map(|party| Launcher::start(ws, &["run", "task", "--party", party, "--wait", "60s"]))
}

/// Both sides have failed within 5 s, and tell which host is the cause.
fn assert_ended_for(runs: [Launcher; 2], since: Instant, words: &str) {
    for run in runs {
        let (status, _, said) = run.end();
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}: {said}", since.elapsed());
        assert_eq!(status, 5, "{said}");
        let message = last_error(&said);
        for part in ["alice: host alice-2 at 127.0.0.1", words] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[test]
fn a_run_waits_for_the_further_hosts_and_ends_when_one_goes() {
    let ws = job_with_two_hosts();
    let mut launchers = [up(&ws, &["alice"]), up(&ws, &["bob"])];
    let mut runs = running(&ws);
    runs[0].wait_for("waiting for its host alice-2 at 127.0.0.1, which has not called");
    let mut second = up(&ws, &["alice", "--host", "alice-2"]);
    second.wait_for("service clock ready");
    launchers[0].wait_for("host alice-2 is ready");
    for run in &mut runs {
        run.wait_for("starts in slot");
    }
    let status = ws.run(&["status", "--party", "alice"]).success();
    assert!(status.stdout.contains("host    alice-2 armed at 127.0.0.1"), "{}", status.stdout);
    second.signal(Signal::SIGKILL);
    assert_ended_for(runs, Instant::now(), "which");

    // The next run begins as soon as the host is back.
    let mut runs = running(&ws);
    runs[0].wait_for("waiting for its host alice-2");
    let second = up(&ws, &["alice", "--host", "alice-2"]);
    for run in &mut runs {
        run.wait_for("starts in slot");
    }
    // A machine that is cut off says nothing more, and closes nothing.
    second.signal(Signal::SIGSTOP);
    assert_ended_for(runs, Instant::now(), "said nothing to alice for 3 s");
    second.signal(Signal::SIGCONT);
    ws.run(&["stop"]).success();
    for launcher in launchers.into_iter().chain([second]) {
        let (status, _, said) = launcher.end();
        assert_eq!(status, 0, "{said}");
    }
    assert_nothing_left(&ws);
}

#[test]
fn a_run_ends_when_a_service_of_a_further_host_does() {
    let ws = job_with_two_hosts();
    let launchers =
        [up(&ws, &["alice"]), up(&ws, &["bob"]), up(&ws, &["alice", "--host", "alice-2"])];
    let mut runs = running(&ws);
    for run in &mut runs {
        run.wait_for("starts in slot");
    }
    let launcher = launchers[2].pid().as_raw();
    let clock = below(launcher).into_iter().find(|(_, name)| name == "sleep");
    signal("KILL", clock.expect("the service of the further host").0);
    assert_ended_for(runs, Instant::now(), "is not ready");
    ws.run(&["stop"]).success();
    for launcher in launchers {
        assert_eq!(launcher.end().0, 0);
    }
    assert_nothing_left(&ws);
}

#[test]
fn a_host_that_the_party_does_not_have_is_told_with_those_that_it_has() {
    let ws = two_hosts();
    let ran = ws.run(&["apply", "--party", "alice", "--host", "alice-3"]).status_is(2);
    let message = last_error(&ran.stderr);
    for part in ["SF0899", "alice-3", "`alice-1`", "`alice-2`"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn a_job_of_a_simulation_runs_once_as_its_first_party() {
    let ws =
        Workspace::with_shell_job(&["alice", "bob"], "echo \"$SFGEN_PARTY runs $SFGEN_JOB\"\n");
    ws.edit("topology.kdl", |text| text.replace("engine=\"threads\"", "engine=\"ray\""));
    ws.edit("topology.kdl", |text| {
        // One machine, so that SecretFlow starts a Ray of its own.
        text.replace("host \"bob-1\" address=\"127.0.0.1\"", "host \"alice-1\"")
    });
    ws.run(&["plan", "--mode", "simulation"]).success();
    let ran = ws.run(&["run", "task", "--party", "alice"]).success();
    assert_eq!(ran.stdout, "alice runs task\n", "{}", ran.stderr);
    let refused = ws.run(&["run", "task", "--party", "bob"]).status_is(2);
    assert!(last_error(&refused.stderr).contains("as alice"), "{}", refused.stderr);
    let mut up = Launcher::start(&ws, &["apply", "--party", "alice"]);
    up.wait_for("alice: armed");
    up.signal(Signal::SIGTERM);
    assert_eq!(up.end().0, 130);
    assert_nothing_left(&ws);
}

#[test]
fn units_of_all_nodes_of_a_cluster_make_the_folder_of_its_head() {
    let ws = Workspace::empty();
    let party = |name: &str, last: u8| {
        format!(
            "party {name:?} {{ host \"{name}-1\" address=\"10.0.0.{last}\"; \
             deploy \"systemd\" user=\"sf\" home=\"/opt/sf\"; }}\n"
        )
    };
    let topology = format!(
        "topology \"lab\" mode=\"simulation\"\n{}\
         runtime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\"\n{}{}",
        ws.ports.node(),
        party("alice", 1),
        party("bob", 2)
    );
    ws.write("topology.kdl", &topology);
    let ws = ws.planned();
    for party in ["alice", "bob"] {
        let path = format!("generated/{party}/{party}-1/systemd/sfgen-lab-{party}-ray.service");
        let unit = ws.read(&path);
        let folder = unit.lines().find_map(|line| line.strip_prefix("RuntimeDirectory=")).unwrap();
        assert!(folder.contains("alice"), "{folder}");
        assert!(unit.contains(&format!("\"--temp-dir=/run/{folder}\"")), "{unit}");
    }
}

#[test]
fn a_job_of_a_production_topology_is_simulated_by_one_command_without_keys_and_plan() {
    // The first party of the topology is not the first by name.
    let ws =
        Workspace::with_shell_job(&["bob", "alice"], "echo \"$SFGEN_PARTY runs $SFGEN_JOB\"\n");
    ws.edit("topology.kdl", |text| {
        text.replace("engine=\"threads\"", "engine=\"ray\"")
            .replacen("address=\"127.0.0.1\"", "address=\"10.9.8.7\"", 1)
            .replacen("address=\"127.0.0.1\"", "address=\"10.9.8.8\"", 1)
            .replace("    identity", "    deploy \"docker\" network=\"host\"\n    identity")
    });
    for gone in ["generated", "pki", "keys"] {
        std::fs::remove_dir_all(ws.join(gone)).unwrap();
    }
    let lock = ws.read("sfgen.lock");
    let ran = ws.run(&["run", "task", "--mode", "simulation"]).success();
    assert_eq!(ran.stdout, "bob runs task\n", "{}", ran.stderr);
    assert!(!ws.join("generated").exists() && ws.read("sfgen.lock") == lock);
    let again = ws.run(&["run", "task", "--mode", "simulation"]).success();
    assert_eq!(again.stdout, ran.stdout);
    // What the topology says counts at once, and a mistake in it is a finding.
    ws.edit("topology.kdl", |text| text.replace("script=\"task.sh\"", "script=\"tusk.sh\""));
    let told = ws.run(&["run", "task", "--mode", "simulation"]).status_is(1);
    assert!(told.stderr.contains("tusk.sh"), "{}", told.stderr);
}

#[test]
fn all_parties_of_a_simulation_run_as_the_one_that_is_named_first() {
    let ws = Workspace::with_shell_job(&["bob", "alice"], "echo \"$SFGEN_PARTY\"\n");
    ws.edit("topology.kdl", |text| {
        text.replace("engine=\"threads\"", "engine=\"ray\"")
            .replace("host \"alice-1\" address=\"127.0.0.1\"", "host \"bob-1\"")
    });
    ws.run(&["plan", "--mode", "simulation"]).success();
    let ran = ws.run(&["run", "task", "--all"]).success();
    assert_eq!(ran.stdout, "bob\n", "{}", ran.stderr);
}
