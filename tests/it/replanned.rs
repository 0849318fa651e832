//! Launchers that were started from another plan than the one that is there now.

use crate::support::{
    launcher::{Launcher, assert_nothing_left},
    workspace::Workspace,
};

#[test]
fn a_launcher_of_another_plan_runs_nothing_for_who_has_read_the_new_one() {
    let ws = Workspace::with_sum(&["alice", "bob"], &[]);
    let mut up = ["alice", "bob"].map(|party| Launcher::start(&ws, &["apply", "--party", party]));
    for launcher in &mut up {
        launcher.wait_for(": armed");
    }
    // Only alice's own plan has her number, and no other party could notice.
    let replan = |from: &str, to: &str| {
        ws.edit("topology.kdl", |topology| topology.replace(from, to));
        ws.run(&["plan"]).success();
    };
    replan("input \"alice\" 14", "input \"alice\" 100");
    let ran = ws.run(&["run", "task", "--party", "alice", "--wait", "20s"]).status_is(2);
    for told in ["SF0869", "started from another plan", "sfgen stop --party alice"] {
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    replan("input \"alice\" 100", "input \"alice\" 14");
    let at_bob = Launcher::start(&ws, &["run", "task", "--party", "bob"]);
    let ran = ws.run(&["run", "task", "--party", "alice"]).success();
    assert_eq!(ran.stdout, "sum 28\n", "the plan that it holds is there again");
    assert_eq!(at_bob.end().0, 0);
    ws.run(&["stop"]).success();
    for launcher in up {
        assert_eq!(launcher.end().0, 0);
    }
    assert_nothing_left(&ws);
}
