//! `apply --firewall` where systemd runs: a timer of it takes back what nobody confirms.

use crate::support::{machine::Machine, workspace::Workspace};

/// Loads twice: the first time nobody confirms.
const STEPS: &str = r#"#!/bin/bash
cd /srv/topology
loaded() { nft list tables | grep -c sfgen_two_party_alice; }
# shellcheck disable=SC2034 # only its end counts
until_ends() { for turn in {1..200}; do "$@" || return 0; sleep 0.1; done; return 1; }
waits() { systemctl --quiet is-active 'run-*.timer'; }
is_loaded() { [ "$(loaded)" = 1 ]; }
{
    sfgen apply --party alice --firewall --confirm-within 2s && loaded
    systemctl list-units --no-legend --plain 'run-*.timer' | grep -c 'mv --'
    until_ends is_loaded && loaded
    sfgen apply --party alice --firewall --confirm-within 3s && sfgen apply --party alice --firewall-confirm
    until_ends waits && loaded
    systemctl --failed --no-legend --plain 'run-*'
    sfgen uninstall --party alice --yes && loaded
} >/sfgen-out/said 2>&1
"#;

#[test]
#[ignore = "needs root, systemd-nspawn and nft; .ci/run installs them"]
fn a_timer_of_systemd_takes_back_what_nobody_confirms() {
    let ws = Workspace::example("two_parties").with_keys(&["alice", "bob"]).planned();
    ws.write("steps", STEPS);
    let mut machine = Machine::new().with_network_of_its_own();
    machine.bind(ws.path(), "/srv/topology");
    machine.bind(env!("CARGO_BIN_EXE_sfgen").as_ref(), "/usr/local/bin/sfgen");
    machine.add_unit(
        "steps.service",
        b"[Service]\nType=oneshot\nEnvironment=HOME=/root\nExecStart=/bin/bash /srv/topology/steps\n",
    );
    machine.run();
    let said = machine.out("said");
    let lines: Vec<&str> =
        said.lines().filter(|line| !line.contains("load the firewall")).collect();
    let [taken_back, loaded, timers, gone, again, stays, kept, removed @ .., left] = &lines[..]
    else {
        panic!("{said}")
    };
    assert!(taken_back.contains("taken back after 2s unless"), "{said}");
    assert_eq!((*loaded, *timers, *gone), ("1", "1", "0"), "{said}");
    assert!(again.contains("taken back after 3s unless"), "{said}");
    assert_eq!((*stays, *kept), ("alice on alice-1: the firewall stays", "1"), "{said}");
    assert!(removed.iter().any(|line| line.contains("- remove the table")), "{said}");
    assert_eq!(*left, "0", "{said}");
}
