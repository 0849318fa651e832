//! The form in which each target says what it adds to the tree.

use crate::{
    plan::Process,
    render::{
        artifact::{Kind, OfHost},
        command::Command,
        scene::PartyScene,
    },
    types::JobName,
};

/// What a target adds.
pub(super) struct Target {
    /// The artifacts of each host.
    pub(super) artifacts: &'static [&'static Kind<OfHost>],
    /// Runs a job.
    pub(super) run_job: fn(&PartyScene<'_>, &JobName, &Process) -> Command,
    /// Shows which of the party's processes run.
    pub(super) watch: fn(&PartyScene<'_>) -> Vec<Command>,
    /// Shows the last output of a process that does not start.
    pub(super) look: fn(&PartyScene<'_>) -> Option<Command>,
}
