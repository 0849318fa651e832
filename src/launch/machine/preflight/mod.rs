//! Whether this machine can carry out its part of the plan, looked at before anything starts.
//!
//! The plan and what is known of the machine enter; findings leave, all of them at once, so that a person can mend
//! everything before the next try. A probe changes nothing and knows no other probe. The tree itself was verified
//! when the party's side was read.

mod address;
mod certificates;
mod firewalls;
mod inputs;
mod limits;
mod machine;
mod mounts;
mod ports;
mod programs;
mod proxies;
mod scripts;
mod secret_files;
mod secrets;
mod shm;

use crate::diag::Findings;

pub use machine::{Machine, Probe};

/// Every probe, cheapest first.
pub const PROBES: &[Probe] = &[
    secrets::PROBE,
    certificates::PROBE,
    secret_files::PROBE,
    mounts::PROBE,
    limits::PROBE,
    shm::PROBE,
    proxies::PROBE,
    programs::PROBE,
    scripts::PROBE,
    inputs::PROBE,
    address::PROBE,
    ports::PROBE,
    firewalls::PROBE,
];

/// Those about what a launcher has to do with that starts nothing but jobs: what units need is for those who keep them up
/// to see, and their ports are taken already.
const OF_INSTALLED: &[Probe] = &[
    secrets::PROBE,
    certificates::PROBE,
    proxies::PROBE,
    scripts::PROBE,
    inputs::PROBE,
    address::PROBE,
];

/// All that is wrong with this machine.
#[must_use]
pub fn preflight(machine: &Machine<'_>) -> Findings {
    let probes = if machine.has_units() { OF_INSTALLED } else { PROBES };
    let mut findings = Findings::default();
    findings.extend(probes.iter().flat_map(|probe| (probe.run)(machine)));
    findings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use camino::Utf8Path;

    use super::*;
    use crate::{
        diag::Finding,
        plan::{HostPlan, PartyPlan},
        types::Digest,
    };

    /// A party with one host at 127.0.0.1, without Ray, SecretFlow and identity.
    pub(super) struct Sample {
        pub(super) plan: PartyPlan,
        pub(super) folder: tempfile::TempDir,
        pub(super) env: BTreeMap<String, String>,
    }

    impl Sample {
        pub(super) fn new() -> Self {
            let plan = serde_json::json!({
                "format": 1, "party": "alice", "federation": Digest::of(b""), "mode": "production",
                "deploy": { "target": "process" }, "identity": null, "listen": "127.0.0.1",
                "main_host": "alice-1", "secretflow": null, "links": { "sf": {}, "spu": {} },
                "hosts": { "alice-1": { "address": "127.0.0.1", "ports": {}, "ray": null, "processes": [] } },
                "spus": {}, "heus": {}, "jobs": {},
            });
            Self {
                plan: serde_json::from_value(plan).expect("the plan's own format"),
                folder: tempfile::tempdir().expect("a writable /tmp"),
                env: BTreeMap::new(),
            }
        }

        pub(super) fn path(&self) -> &Utf8Path {
            Utf8Path::from_path(self.folder.path()).expect("UTF-8")
        }

        /// Makes it a party of a SecretFlow federation without Ray.
        pub(super) fn with_secretflow(&mut self) {
            let secretflow = serde_json::json!({
                "version": "1.13.0b0", "engine": "threads", "python": "3.10", "init": {},
                "tls": null, "simulation": null,
            });
            self.plan.secretflow =
                serde_json::from_value(secretflow).expect("the plan's own format");
        }

        pub(super) fn host(&mut self) -> &mut HostPlan {
            self.plan.hosts.values_mut().next().expect("one host")
        }

        /// `CODE message` of each finding of a probe.
        pub(super) fn messages(&self, probe: &Probe) -> Vec<String> {
            let machine = Machine {
                plan: &self.plan,
                host: &self.plan.main_host,
                root: self.path(),
                env: &self.env,
            };
            let say = |finding: Finding| format!("{} {}", finding.code, finding.message);
            (probe.run)(&machine).into_iter().map(say).collect()
        }
    }

    #[test]
    fn probes_have_names_of_their_own_and_leave_a_good_machine_alone() {
        let sample = Sample::new();
        let mut names = std::collections::BTreeSet::new();
        for probe in PROBES {
            assert!(names.insert(probe.name), "two probes are called {}", probe.name);
            // How many files the account of the test may open differs from machine to machine.
            if probe.name != limits::PROBE.name {
                assert_eq!(sample.messages(probe), Vec::<String>::new(), "{}", probe.name);
            }
        }
    }
}
