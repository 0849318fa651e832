//! What launchers and their clients say: who is waited for and how long, how a run ended, and which names are known.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::support::{
    launcher::{Launcher, assert_nothing_left, last_error},
    middle_box::{BEHIND, MiddleBox},
    workspace::Workspace,
};

fn two_parties() -> Workspace {
    Workspace::with_sum(&["alice", "bob"], &[])
}

#[test]
fn a_party_that_is_not_ready_ends_the_others_at_once() {
    let ws = two_parties();
    let _somebody = TcpListener::bind((Ipv4Addr::UNSPECIFIED, ws.port("bob", "sf"))).unwrap();
    for args in [&["run", "task", "--all"][..], &["apply", "--all"]] {
        let started = Instant::now();
        let ran = ws.run(args).status_is(4);
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        for words in ["SF0841", "bob cannot take part, so the other parties end too"] {
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        }
    }
    let left: Vec<_> = std::fs::read_dir(ws.join("run")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_job_is_run_for_all_of_its_own_parties() {
    let ws = Workspace::with_sum(&["alice", "bob", "carol"], &[]);
    ws.edit("topology.kdl", |text| {
        format!("{text}job \"pair\" kind=\"sum\" {{ parties \"alice\" \"bob\"; input \"alice\" 1; input \"bob\" 2; }}\n")
    });
    let ws = ws.planned();
    let ran = ws.run(&["run", "pair", "--all"]).success();
    assert_eq!(ran.stdout, "sum 3\n");
    assert!(!ran.stderr.contains("carol"), "{}", ran.stderr);
}

#[test]
fn the_countdown_says_what_happens_at_its_end() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice", "--wait", "3s"]);
    let line = alice.wait_for("waiting for bob at localhost");
    assert!(line.ends_with("gives up in 2 s"), "{line}");
    let (status, _, said) = alice.end();
    assert_eq!(status, 5);
    assert!(last_error(&said).contains("alice waited 3s for bob"), "{said}");
}

#[test]
fn a_launcher_that_has_met_its_peers_stays_up_without_them_and_says_so() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice", "--wait", "2s"]);
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    bob.wait_for("bob: armed");
    alice.wait_for("alice: armed");
    bob.signal(Signal::SIGTERM);
    alice.wait_for("bob has left: it was interrupted");
    let line = alice.wait_for("waiting for bob at ");
    assert!(line.ends_with("; stays up until they are back"), "{line}");
    bob.end();
    let mut bob = Launcher::start(&ws, &["apply", "--party", "bob", "--wait", "2s"]);
    alice.wait_for("met bob");
    bob.wait_for("bob: armed");
}

#[test]
fn a_client_names_the_party_that_has_not_asked_for_the_job() {
    let ws = two_parties();
    let mut up = ["alice", "bob"].map(|party| Launcher::start(&ws, &["apply", "--party", party]));
    for launcher in &mut up {
        launcher.wait_for(": armed");
    }
    let mut at_alice = Launcher::start(&ws, &["run", "task", "--party", "alice", "--wait", "90s"]);
    let line = at_alice.wait_for("alice: waiting for ");
    let whom = "bob, who did not ask for job `task` yet (`sfgen run task --party bob` there); gives up in ";
    assert!(line.contains(whom), "{line}");
    ws.run(&["run", "task", "--party", "bob"]).success();
    let (status, _, said) = at_alice.end();
    assert_eq!(status, 0, "{said}");
    assert_eq!(
        said.matches("waiting for").count(),
        1,
        "told once where there is no terminal: {said}"
    );
}

#[test]
fn a_launcher_tells_of_a_failed_run_which_job_which_run_and_why() {
    let ws = Workspace::with_shell_job(
        &["alice", "bob"],
        "[ $SFGEN_PARTY = bob ] && exit 3\nexec sleep 600\n",
    );
    let mut up = ["alice", "bob"].map(|party| Launcher::start(&ws, &["apply", "--party", party]));
    for launcher in &mut up {
        launcher.wait_for(": armed");
    }
    let mut runs =
        ["alice", "bob"].map(|party| Launcher::start(&ws, &["run", "task", "--party", party]));
    let line = runs[0].wait_for("starts in slot");
    let run = line.split("run ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    for launcher in &mut up {
        launcher
            .wait_for(&format!("run {run} of job `task` failed: bob: its job ended with status 3"));
    }
    assert!(runs.into_iter().all(|run| run.end().0 == 5));
}

#[test]
fn a_run_that_ended_well_reads_so_at_clients_and_launchers() {
    let ws = two_parties();
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    alice.wait_for("waiting for bob");
    let runs =
        ["alice", "bob"].map(|party| Launcher::start(&ws, &["run", "task", "--party", party]));
    for (run, party) in runs.into_iter().zip(["alice", "bob"]) {
        let (status, _, said) = run.end();
        assert_eq!(status, 0, "{said}");
        let last = said.lines().last().unwrap();
        assert_eq!(last, format!("{party}: job `task` ended well at all parties"), "{said}");
        let (_, after) = said.split_once("starts in slot").unwrap();
        for trouble in ["left", "meeting", "armed", "waiting"] {
            assert!(!after.contains(trouble), "{trouble}: {said}");
        }
    }
    alice.wait_for("of job `task` ended well at all parties");
    alice.wait_for("alice: bob's run is over, and its launcher has ended");
    // Whatever alice would say of bob's absence, she would have said before she answers to a signal.
    ws.run(&["status"]).success();
    alice.signal(Signal::SIGTERM);
    let (_, _, said) = alice.end();
    let (_, after) = said.split_once("ended well").unwrap();
    for trouble in ["has left", "meeting", "waiting"] {
        assert!(!after.contains(trouble), "{trouble}: {said}");
    }
    assert_nothing_left(&ws);
}

#[test]
fn a_peer_whose_calls_do_not_arrive_is_told_from_one_that_is_not_there() {
    let ws = Workspace::with_sum(&["alice", "bob"], &["alice", "bob"]);
    // Only bob's door is open: alice reaches him, and he does not reach her.
    let _open = MiddleBox::passing_on(ws.port("bob", "control"));
    let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
    let _bob = Launcher::start(&ws, &["apply", "--party", "bob"]);
    let line = alice.wait_for("who answers, but whose own calls do not arrive");
    assert!(line.contains("bob at localhost:") && !line.contains(&BEHIND.to_string()), "{line}");
}

#[test]
fn a_tree_that_is_older_than_its_topology_is_told_and_launched_as_it_is() {
    let ws = two_parties();
    let alone = ["run", "task", "--party", "alice", "--wait", "1s"];
    let ran = ws.run(&alone).status_is(5);
    assert!(!ran.stderr.contains("SF0888"), "{}", ran.stderr);

    let input = "input \"alice\" 14";
    ws.edit("topology.kdl", |text| text.replace(input, "input \"alice\" 15"));
    let ran = ws.run(&alone).status_is(5);
    let message =
        "`generated` is older than `topology.kdl`: `sfgen plan` would change `alice/plan.json`";
    assert!(ran.stderr.contains("SF0888") && ran.stderr.contains(message), "{}", ran.stderr);

    // A topology with an error says nothing of the tree, nor does one without the peers' certificates.
    ws.edit("topology.kdl", |text| format!("{text}nonsense\n"));
    let ran = ws.run(&alone).status_is(5);
    assert!(!ran.stderr.contains("SF0888"), "{}", ran.stderr);
    ws.edit("topology.kdl", |text| text.replace("nonsense\n", ""));
    std::fs::remove_dir_all(ws.join("pki/bob")).unwrap();
    let ran = ws.run(&alone).status_is(5);
    assert!(!ran.stderr.contains("SF0888"), "{}", ran.stderr);
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones_before_anything_starts() {
    let ws = two_parties();
    for (args, code, words) in [
        (
            &["run", "psi", "--party", "alice"][..],
            "SF0829",
            "alice has no job `psi`; there is `task`",
        ),
        (&["run", "psi", "--all"], "SF0829", "the plan has no job `psi`; there is `task`"),
        (&["run", "task", "--party", "carl"], "SF0886", "there is no plan of carl"),
        (&["apply", "--party", "carl"], "SF0886", "but of alice, bob"),
        (&["status", "--party", "carl"], "SF0887", "there is no party carl here, but alice, bob"),
        (&["stop", "--party", "carl"], "SF0887", "there is no party carl here, but alice, bob"),
    ] {
        let ran = ws.run(args).status_is(2);
        assert!(ran.stderr.contains(code) && ran.stderr.contains(words), "{}", ran.stderr);
        assert!(!ran.stderr.contains("preflight"), "{}", ran.stderr);
    }
    for command in ["status", "stop"] {
        let ran = ws.run(&[command, "--party", "bob"]).success();
        assert!(ran.stderr.contains("no launcher of bob runs here"), "{}", ran.stderr);
    }
}

#[test]
fn status_and_stop_say_that_somebody_else_has_a_hand_in_the_run_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let ws = Workspace::empty();
    assert!(ws.run(&["status"]).success().stderr.contains("nothing runs here"));
    std::fs::create_dir(ws.join("run")).unwrap();
    std::fs::set_permissions(ws.join("run"), std::fs::Permissions::from_mode(0o777)).unwrap();
    for command in ["status", "stop"] {
        let ran = ws.run(&[command]).status_is(4);
        let words = ["SF0878 error: `<folder>/run` has mode 0777", "SFGEN_RUN_DIR"];
        assert!(words.iter().all(|words| ran.stderr.contains(words)), "{}", ran.stderr);
    }
}
