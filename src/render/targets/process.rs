//! `deploy "process"`: no files of its own; all is done by the launcher.

use crate::{
    plan::Process,
    render::{command::Command, scene::PartyScene},
    types::JobName,
};

use super::target::Target;

pub(super) const TARGET: Target = Target { artifacts: &[], run_job, watch, look: |_| None };

fn run_job(scene: &PartyScene<'_>, name: &JobName, _: &Process) -> Command {
    Command::new(["sfgen", "run", name.as_str(), "--party", scene.plan.party.as_str()])
}

/// It names the folder of the logs, too.
fn watch(scene: &PartyScene<'_>) -> Vec<Command> {
    vec![Command::new(["sfgen", "status", "--party", scene.plan.party.as_str()])]
}
