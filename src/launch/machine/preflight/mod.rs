//! Whether this machine can carry out its part of the plan, looked at before anything starts.
//!
//! In come the plan and what is known of the machine, out come findings, all of them: whoever mends one thing does
//! not want to hear of the next only then. A probe changes nothing and knows no other probe.

mod address;
mod limits;
mod ports;
mod programs;
mod proxies;
mod secrets;
mod shm;
mod tree;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::{Finding, Findings},
    plan::{HostPlan, Manifest, PartyPlan},
    types::HostName,
};

/// What the probes look at.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// The party's plan.
    pub plan: &'a PartyPlan,
    /// Which of its hosts this machine is.
    pub host: &'a HostName,
    /// The tree.
    pub tree: &'a Utf8Path,
    /// What the tree should be.
    pub manifest: &'a Manifest,
    /// The folder of the topology, from which relative paths count.
    pub root: &'a Utf8Path,
    /// The environment of the launcher.
    pub env: &'a BTreeMap<String, String>,
}

impl Machine<'_> {
    /// The part of the plan that is for this machine.
    fn host_plan(&self) -> Option<&HostPlan> {
        self.plan.hosts.get(self.host)
    }

    /// A path of the plan, made absolute or at least right from the working folder.
    fn path(&self, path: &Utf8Path) -> Utf8PathBuf {
        self.root.join(path)
    }
}

/// One thing to look at.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// What it looks at, for progress.
    pub name: &'static str,
    /// Looks.
    pub run: fn(&Machine<'_>) -> Vec<Finding>,
}

/// Every probe, cheapest first.
pub const PROBES: &[Probe] = &[
    tree::PROBE,
    secrets::PROBE,
    limits::PROBE,
    shm::PROBE,
    proxies::PROBE,
    programs::PROBE,
    address::PROBE,
    ports::PROBE,
];

/// All that is wrong with this machine.
#[must_use]
pub fn preflight(machine: &Machine<'_>) -> Findings {
    let mut findings = Findings::default();
    findings.extend(PROBES.iter().flat_map(|probe| (probe.run)(machine)));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Digest;

    /// A party with one host at 127.0.0.1, without Ray, SecretFlow and identity.
    pub(super) struct Sample {
        pub(super) plan: PartyPlan,
        pub(super) manifest: Manifest,
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
                manifest: Manifest { format: 1, plan: Digest::of(b""), files: BTreeMap::new() },
                folder: tempfile::tempdir().expect("a writable /tmp"),
                env: BTreeMap::new(),
            }
        }

        pub(super) fn path(&self) -> &Utf8Path {
            Utf8Path::from_path(self.folder.path()).expect("UTF-8")
        }

        pub(super) fn host(&mut self) -> &mut HostPlan {
            self.plan.hosts.values_mut().next().expect("one host")
        }

        /// `CODE message` of each finding of a probe.
        pub(super) fn messages(&self, probe: &Probe) -> Vec<String> {
            let machine = Machine {
                plan: &self.plan,
                host: &self.plan.main_host,
                tree: self.path(),
                manifest: &self.manifest,
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
            // How many files this account may open is the machine's matter.
            if probe.name != limits::PROBE.name {
                assert_eq!(sample.messages(probe), Vec::<String>::new(), "{}", probe.name);
            }
        }
    }
}
