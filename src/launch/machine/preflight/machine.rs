//! What a probe is, and what it looks at.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::Finding,
    plan::{HostPlan, PartyPlan},
    types::HostName,
};

/// What the probes look at.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'a> {
    /// The party's plan.
    pub plan: &'a PartyPlan,
    /// Which of its hosts this machine is.
    pub host: &'a HostName,
    /// The folder of the topology, from which relative paths count.
    pub root: &'a Utf8Path,
    /// The environment of the launcher.
    pub env: &'a BTreeMap<String, String>,
}

impl Machine<'_> {
    /// The part of the plan that is for this machine.
    pub(super) fn host_plan(&self) -> Option<&HostPlan> {
        self.plan.hosts.get(self.host)
    }

    /// A path of the plan, made absolute or at least right from the working folder.
    pub(super) fn path(&self, path: &Utf8Path) -> Utf8PathBuf {
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
