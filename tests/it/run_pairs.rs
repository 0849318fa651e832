//! Runs that fail, in every pairing of `run` and `apply`: each party ends soon, with the cause of the side where it began.

use std::time::{Duration, Instant};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::support::{
    launcher::{Launcher, assert_nothing_left, last_error},
    middle_box::MiddleBox,
    workspace::Workspace,
};

/// Bob's process tells its number and is there until it is ended; the others' wait for him.
const HOLDS: &str = "echo \"$SFGEN_PARTY holds as $$\" >&2\nexec sleep 600\n";
/// Bob's process fails by itself, once alice's is there.
const FAILS: &str = "[ \"$SFGEN_PARTY\" = bob ] || exec sleep 600\necho 'bob cannot' >&2\nexit 3\n";

/// What a party has: a launcher that is up and a client beside it, or a client alone.
struct Side {
    up: Option<Launcher>,
    run: Launcher,
}

/// Starts the job at all parties; those of `applied` have launchers beside it.
fn start(ws: &Workspace, parties: &[&str], applied: &[&str]) -> Vec<Side> {
    let mut ups: Vec<_> = parties
        .iter()
        .map(|party| {
            let is_up = applied.contains(party);
            is_up.then(|| Launcher::start(ws, &["apply", "--party", party]))
        })
        .collect();
    for (up, party) in ups.iter_mut().zip(parties) {
        if let Some(up) = up {
            up.wait_for(&format!("{party}: meeting"));
        }
    }
    let sides = ups.into_iter().zip(parties);
    sides
        .map(|(up, party)| Side {
            up,
            run: Launcher::start(ws, &["run", "task", "--party", party, "--wait", "60s"]),
        })
        .collect()
}

/// Every way to choose those who have launchers that are up.
fn pairings<'a>(parties: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut all = vec![Vec::new()];
    for party in parties {
        let with: Vec<_> = all.iter().map(|chosen| [&chosen[..], &[*party]].concat()).collect();
        all.extend(with);
    }
    all
}

#[track_caller]
fn assert_all_end(sides: Vec<Side>, since: Instant, cause: &str, pairing: &[&str]) {
    for side in sides {
        let (status, _, said) = side.run.end();
        assert_eq!(status, 5, "{pairing:?}: {said}");
        let error = last_error(&said);
        assert!(error.contains(cause), "{pairing:?}: {error}");
        if let Some(up) = side.up {
            up.signal(Signal::SIGTERM);
            assert_eq!(up.end().0, 130);
        }
    }
    assert!(since.elapsed() < Duration::from_secs(10), "{pairing:?}: {:?}", since.elapsed());
}

#[test]
fn a_script_that_fails_at_one_party_ends_the_run_at_all() {
    for parties in [&["alice", "bob"][..], &["alice", "bob", "carol"]] {
        let ws = Workspace::with_shell_job(parties, FAILS);
        for applied in pairings(parties) {
            let mut sides = start(&ws, parties, &applied);
            sides[0].run.wait_for("starts in slot");
            assert_all_end(sides, Instant::now(), "bob: its job ended with status 3", &applied);
            assert_nothing_left(&ws);
        }
    }
}

#[test]
fn a_job_that_is_killed_at_one_party_ends_the_run_at_all() {
    for parties in [&["alice", "bob"][..], &["alice", "bob", "carol"]] {
        let ws = Workspace::with_shell_job(parties, HOLDS);
        for applied in pairings(parties) {
            let mut sides = start(&ws, parties, &applied);
            let line = sides[1].run.wait_for("bob holds as ");
            for (side, party) in sides.iter_mut().zip(parties).filter(|(_, party)| **party != "bob")
            {
                side.run.wait_for(&format!("{party} holds as "));
            }
            let pid = line.rsplit(' ').next().unwrap().parse().unwrap();
            kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
            assert_all_end(sides, Instant::now(), "bob: its job was ended by SIGKILL", &applied);
            assert_nothing_left(&ws);
        }
    }
}

#[test]
fn a_launcher_that_is_killed_ends_the_run_at_all_others() {
    for parties in [&["alice", "bob"][..], &["alice", "bob", "carol"]] {
        let ws = Workspace::with_shell_job(parties, HOLDS);
        for applied in pairings(parties) {
            let mut sides = start(&ws, parties, &applied);
            for (side, party) in sides.iter_mut().zip(parties) {
                side.run.wait_for(&format!("{party} holds as "));
            }
            let bob = sides.remove(1);
            bob.up.as_ref().unwrap_or(&bob.run).signal(Signal::SIGKILL);
            assert_all_end(sides, Instant::now(), "bob ", &applied);
            let has_launcher = bob.up.is_some();
            drop(bob.up);
            let (status, _, said) = bob.run.end();
            assert_eq!(status, if has_launcher { 5 } else { -1 }, "{applied:?}: {said}");
        }
    }
}

/// Bob is reached through a box that passes the launchers' meeting on and swallows the link of the job.
fn assert_that_a_link_without_answer_ends_the_run(parties: &[&str]) {
    let all = pairings(parties);
    // Each run waits for seven seconds and hardly computes meanwhile.
    std::thread::scope(|scope| {
        for some in all.chunks(all.len() / 4 + 1) {
            scope.spawn(move || {
                let ws = Workspace::with_sum(parties, &["bob"]);
                let _meeting = MiddleBox::passing_on(ws.port("bob", "control"));
                let _link = MiddleBox::swallowing(ws.port("bob", "sf"));
                for applied in some {
                    let mut sides = start(&ws, parties, applied);
                    sides[0].run.wait_for("starts in slot");
                    assert_all_end(
                        sides,
                        Instant::now(),
                        "its job ended with status 5, probably because ",
                        applied,
                    );
                }
            });
        }
    });
}

#[test]
fn a_link_that_times_out_ends_the_run_at_both_parties() {
    assert_that_a_link_without_answer_ends_the_run(&["alice", "bob"]);
}

#[test]
fn a_link_that_times_out_ends_the_run_at_three_parties() {
    assert_that_a_link_without_answer_ends_the_run(&["alice", "bob", "carol"]);
}

/// How long a job's process may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);
/// Alice's process fails as one whose link timed out does, once bob's stands still.
const STANDS_STILL: &str = "case $SFGEN_PARTY in
    bob) echo \"bob stops as $$\" >&2; kill -STOP $$ ;;
    alice) until [ -e \"$SFGEN_ROOT/stopped\" ]; do sleep 0.05; done; exit 3 ;;
    *) exec sleep 600 ;;
esac
";

#[test]
fn a_stopped_process_ends_with_the_run_at_all() {
    for parties in [&["alice", "bob"][..], &["alice", "bob", "carol"]] {
        let ws = Workspace::with_shell_job(parties, STANDS_STILL);
        for applied in pairings(parties) {
            let mut sides = start(&ws, parties, &applied);
            sides[1].run.wait_for("bob stops as ");
            ws.write("stopped", "");
            let since = Instant::now();
            assert_all_end(sides, since, "alice: its job ended with status 3", &applied);
            assert!(
                since.elapsed() < GRACE,
                "it is woken up to end, rather than killed after that"
            );
            std::fs::remove_file(ws.join("stopped")).unwrap();
            assert_nothing_left(&ws);
        }
    }
}

/// Alice's process, asked to end, does so once there is a file `go`.
const LINGERS: &str = "[ $SFGEN_PARTY = alice ] || exec sleep 600
trap 'until [ -e \"$SFGEN_ROOT/go\" ]; do sleep 0.05; done; exit 1' TERM
echo 'alice lingers' >&2
sleep 600 & wait
";

#[test]
fn who_leaves_after_all_others_is_not_told_that_they_did_not_hear_it() {
    let ws = Workspace::with_shell_job(&["alice", "bob"], LINGERS);
    let mut sides = start(&ws, &["alice", "bob"], &[]);
    sides[0].run.wait_for("alice lingers");
    sides[0].run.signal(Signal::SIGINT);
    let bob = sides.remove(1).run;
    let (status, _, said) = bob.end();
    assert_eq!(status, 5, "{said}");
    ws.write("go", "");
    let (status, _, said) = sides.remove(0).run.end();
    assert_eq!(status, 130, "{said}");
    assert!(!said.contains("did not hear"), "{said}");
    assert_nothing_left(&ws);
}
