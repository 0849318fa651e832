//! What must be on a party's machines before it starts: data, secrets and files with variables.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    plan::{Access, HostPlan, PartyPlan, Process, located},
    types::{HostName, MachinePath, ProcessName},
};

/// A file or folder that must be on a host.
#[derive(Serialize, JsonSchema)]
pub(super) struct MachineFile {
    /// The host.
    host: String,
    /// Its path there.
    path: String,
    /// What it is.
    what: &'static str,
    /// The processes that use it.
    users: Vec<String>,
}

/// A path, and how it is used.
type Use = (String, &'static str);

/// All of them, by host and path.
pub(super) fn machine_files(plan: &PartyPlan) -> Vec<MachineFile> {
    let of_hosts = plan.hosts.iter().flat_map(|(name, host)| of_host(plan, name, host));
    of_hosts.collect()
}

fn of_host<'a>(
    plan: &'a PartyPlan,
    name: &'a HostName,
    host: &'a HostPlan,
) -> impl Iterator<Item = MachineFile> + use<'a> {
    let jobs = plan.jobs.values().filter(|_| *name == plan.main_host);
    let jobs = jobs.filter_map(|job| job.process.as_ref());
    let mut users: BTreeMap<Use, BTreeSet<String>> = BTreeMap::new();
    for process in host.processes.iter().chain(jobs) {
        for used in uses(process, host) {
            users.entry(used).or_default().insert(process.name.to_string());
        }
    }
    users.into_iter().map(|((path, what), users)| MachineFile {
        host: name.to_string(),
        path,
        what,
        users: users.into_iter().collect(),
    })
}

fn uses(process: &Process, host: &HostPlan) -> Vec<Use> {
    let mounts = process.paths.iter().filter(|used| used.mounted_at.is_some());
    let mounts = mounts.map(|used| {
        let what = match used.access {
            Access::Read => "data, to be read",
            Access::Write => "data, to be written",
        };
        (located(&used.path, &host.locations), what)
    });
    // The party's own key is told with the other keys.
    let launcher = host.process(&ProcessName::Launcher);
    let is_key = |file: &MachinePath| {
        let mut keys = launcher.into_iter().flat_map(|launcher| &launcher.secrets);
        keys.any(|secret| secret.file == *file)
    };
    let secrets = process.secrets.iter().filter(|secret| !is_key(&secret.file));
    let secrets = secrets.map(|secret| (secret.file.to_string(), "a secret"));
    let env_files = process.env_files.iter().map(|file| (file.to_string(), "variables"));
    mounts.chain(secrets).chain(env_files).collect()
}
