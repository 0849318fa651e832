//! What each target adds to the tree: its files, and how a person runs and watches things by hand. A target is a file
//! or folder here and a line in [`target`].

mod docker;
mod process;
mod systemd;
mod target;

use crate::{
    plan::{Deploy, Process},
    types::JobName,
};

use super::{
    artifact::{Kind, OfHost},
    command::Command,
    scene::PartyScene,
};
use target::Target;

const fn target(deploy: &Deploy) -> &'static Target {
    match deploy {
        Deploy::Process => &process::TARGET,
        Deploy::Systemd { .. } => &systemd::TARGET,
        Deploy::Docker { .. } => &docker::TARGET,
    }
}

/// Every target, for their templates.
const ALL: [&Target; 3] = [&process::TARGET, &systemd::TARGET, &docker::TARGET];

/// The artifacts that a host gets because of how its party deploys.
pub(super) fn artifacts(deploy: &Deploy) -> &'static [&'static Kind<OfHost>] {
    target(deploy).artifacts
}

/// Those of all targets.
pub(super) fn all_artifacts() -> impl Iterator<Item = &'static Kind<OfHost>> {
    ALL.into_iter().flat_map(|target| target.artifacts.iter().copied())
}

/// How a job is run.
pub(super) fn run_job(scene: &PartyScene<'_>, name: &JobName, process: &Process) -> Command {
    (target(&scene.plan.deploy).run_job)(scene, name, process)
}

/// How to see how things are.
pub(super) fn watch(scene: &PartyScene<'_>) -> Vec<Command> {
    (target(&scene.plan.deploy).watch)(scene)
}

/// How to see why something does not start.
pub(super) fn look(scene: &PartyScene<'_>) -> Option<Command> {
    (target(&scene.plan.deploy).look)(scene)
}
