//! What each target does to a plan: where its folders are, as whom its programs run, what must be done on a machine.
//!
//! A target is a file here, a variant of [`Deploy`], and a line in each `match` of this file.

mod docker;
mod files;
mod launcher;
mod process;
mod systemd;
mod target;

use camino::Utf8Path;

use crate::{
    model::{self, Topology},
    types::{MachinePath, SecretName, TopologyName},
};

use super::{Deploy, PartyPlan, RunsAs, SecretUse};
use target::{Reader, Scope, Target};

pub use docker::UID;
pub use systemd::VENV;
pub use target::TREE;

const fn target(deploy: &Deploy) -> &'static Target {
    match deploy {
        Deploy::Process => &process::TARGET,
        Deploy::Systemd { .. } => &systemd::TARGET,
        Deploy::Docker { .. } => &docker::TARGET,
    }
}

/// How a party's processes are started, as its topology says.
pub(super) fn deploy(topology: &Topology, deploy: &model::Deploy) -> Deploy {
    match deploy {
        model::Deploy::Process => Deploy::Process,
        model::Deploy::Systemd(systemd) => systemd::deploy(systemd),
        model::Deploy::Docker(_) => docker::deploy(topology, deploy),
        model::Deploy::Kuscia(_) => unreachable!("the model refuses parties of Kuscia"),
    }
}

/// As whom the party's programs run.
pub(super) fn account(deploy: &Deploy) -> RunsAs {
    (target(deploy).account)(deploy)
}

/// As whom the party's launcher runs, and those programs of sfgen's own that read the party's key.
pub(super) fn launcher_account(deploy: &Deploy) -> RunsAs {
    (target(deploy).launcher_account)(deploy)
}

/// How the launcher and sfgen's own programs come to read the party's key, which lies at `key`; `None` where they read the
/// file itself.
pub(super) fn identity(deploy: &Deploy, reader: Reader<'_>, key: &Utf8Path) -> Option<SecretUse> {
    (target(deploy).identity)(reader, key)
}

/// Where a process reads the secret that lies in `file` on its machine.
pub(super) fn secret_path(
    deploy: &Deploy,
    reader: Reader<'_>,
    name: &SecretName,
    file: &MachinePath,
) -> MachinePath {
    (target(deploy).secret)(reader, name, file)
}

/// Fills in where the folders of a party's hosts are, and what must be done on each.
pub(super) fn complete(topology: &TopologyName, plan: &mut PartyPlan) {
    let target = target(&plan.deploy);
    let names: Vec<_> = plan.hosts.keys().cloned().collect();
    for name in &names {
        let scope = Scope { topology, plan, host_name: name, host: &plan.hosts[name] };
        let locations = (target.locations)(&scope);
        let launcher_locations = (target.launcher_locations)(&scope);
        let host = plan.hosts.get_mut(name).expect("a host of this plan");
        host.locations = locations;
        host.launcher_locations = launcher_locations;
    }
    // Steps name the locations.
    for name in &names {
        let scope = Scope { topology, plan, host_name: name, host: &plan.hosts[name] };
        let steps = (target.steps)(&scope);
        plan.hosts.get_mut(name).expect("a host of this plan").steps = steps;
    }
}
