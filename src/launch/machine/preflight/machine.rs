//! What a probe is, and what it looks at.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::Finding,
    plan::{Deploy, HostPlan, PartyPlan, Process},
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

    /// Every process that the launcher starts on this machine, those of jobs too; none where units or containers have
    /// them, whose accounts see other files.
    pub(super) fn started_here(&self) -> impl Iterator<Item = &Process> {
        let is_launchers = self.plan.deploy == Deploy::Process;
        let host = self.host_plan().filter(|_| is_launchers);
        let is_main = *self.host == self.plan.main_host;
        let jobs = self.plan.jobs.values().filter(move |_| is_launchers && is_main);
        let processes = host.into_iter().flat_map(|host| &host.processes);
        processes.chain(jobs.filter_map(|job| job.process.as_ref()))
    }

    /// Whether units have the processes, and the launcher itself is one.
    pub(super) fn has_units(&self) -> bool {
        self.host_plan().is_some_and(|host| !host.launcher_locations.is_empty())
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
