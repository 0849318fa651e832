//! Three parties of which two run a job whatever the third does.

use std::time::{Duration, Instant};

use crate::support::{launcher::Launcher, workspace::Workspace};

/// Alice, bob and carol; the job `pair` is alice's and carol's, the job `all` is everybody's.
pub(super) fn three_parties() -> Workspace {
    with_keys().planned()
}

fn with_keys() -> Workspace {
    let ws = Workspace::empty();
    let parties = ["alice", "bob", "carol"].map(|party| {
        format!(
            "party \"{party}\" {{\n    host \"{party}-1\" address=\"127.0.0.1\"\n    identity \
             ca=\"pki/{party}/ca.pem\" cert=\"pki/{party}/node.pem\" key=\"keys/{party}/node.key\"\n}}\n"
        )
    });
    ws.write(
        "topology.kdl",
        &format!(
            "topology \"attacked\" mode=\"production\"\n{}runtime \"embedded\"\n{}\
             job \"pair\" kind=\"sum\" {{ parties \"alice\" \"carol\"; input \"alice\" 11; input \"carol\" 31; }}\n\
             job \"all\" kind=\"sum\" {{ parties \"alice\" \"bob\" \"carol\"; input \"alice\" 1; input \"bob\" 2; \
             input \"carol\" 3; }}\n",
            ws.ports.node(),
            parties.concat()
        ),
    );
    ws.with_keys(&["alice", "bob", "carol"])
}

/// The first port that a party has for a purpose.
pub(super) fn port(ws: &Workspace, party: &str, role: &str) -> u16 {
    let lock = ws.read("sfgen.lock");
    let key = format!("\"{party}/{party}-1/{role}\" = [");
    let line = lock.lines().find_map(|line| line.strip_prefix(&key));
    let first = line.and_then(|numbers| numbers.split_once(',')).map(|(first, _)| first);
    first.unwrap_or_else(|| panic!("no {role} of {party} in {lock}")).parse().unwrap()
}

/// Alice and carol with launchers that are up, and bob's place, which an attacker takes.
pub(super) struct Honest {
    pub(super) ws: Workspace,
    pub(super) alice: Launcher,
    _carol: Launcher,
}

impl Honest {
    pub(super) fn start() -> Self {
        Self::start_after(|_| ())
    }

    /// The same where something is changed before the plan is made.
    pub(super) fn start_after(change: impl FnOnce(&Workspace)) -> Self {
        let ws = with_keys();
        change(&ws);
        let ws = ws.planned();
        let mut alice = Launcher::start(&ws, &["apply", "--party", "alice"]);
        let mut carol = Launcher::start(&ws, &["apply", "--party", "carol"]);
        alice.wait_for("met carol");
        carol.wait_for("met alice");
        Self { ws, alice, _carol: carol }
    }

    /// Alice's control port, which is attacked.
    pub(super) fn target(&self) -> u16 {
        port(&self.ws, "alice", "control")
    }

    /// The job of alice and carol ends well at both.
    #[track_caller]
    pub(super) fn run(&self) {
        run_pair(&self.ws);
    }

    /// The most memory that alice's launcher ever had, in MiB.
    pub(super) fn peak(&self) -> u64 {
        let process = procfs::process::Process::new(self.alice.pid().as_raw()).unwrap();
        process.status().unwrap().vmhwm.unwrap() / 1024
    }
}

/// Runs the job of alice and carol, who use launchers that are up or bring up their own; returns how long that took.
#[track_caller]
pub(super) fn run_pair(ws: &Workspace) -> Duration {
    let since = Instant::now();
    let runs = ["alice", "carol"]
        .map(|party| Launcher::start(ws, &["run", "pair", "--party", party, "--wait", "60s"]));
    for run in runs {
        let (status, stdout, said) = run.end();
        assert_eq!((status, stdout.as_str()), (0, "sum 42\n"), "{said}");
    }
    since.elapsed()
}
