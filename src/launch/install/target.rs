//! The form in which each target says how it installs.

use std::collections::BTreeSet;

use super::{
    InstallError,
    difference::{Change, Seen},
    machine::Machine,
    site::Site,
    states::ProcessState,
};
use crate::plan::Action;

/// What a target does in its own way.
pub struct Target {
    /// How what a step of this target alone makes is found.
    pub(super) seen: fn(&Site<'_>, &Action) -> Result<Seen, InstallError>,
    /// Content beside the command of a step that says whether it has to be done again.
    pub(super) made_from: fn(&Site<'_>, &Action) -> Result<Vec<u8>, InstallError>,
    /// What runs with what these changes replace, as the target calls it.
    pub(super) restarts: fn(&Site<'_>, &[Change]) -> Result<BTreeSet<String>, InstallError>,
    /// What is there of an earlier plan that no step of its own made, and is planned no more. Bringing up removes it.
    pub(super) leftovers: fn(&Site<'_>) -> Result<BTreeSet<String>, InstallError>,
    /// Ends what a step of an earlier plan installed, before that step is taken back.
    pub(super) retire: fn(&dyn Machine, &Action) -> Result<(), InstallError>,
    /// Starts these anew, and whatever else is down. It returns before all of it is ready.
    pub(super) bring_up: fn(&Site<'_>, &BTreeSet<String>) -> Result<(), InstallError>,
    /// How each process is that is to be kept up on the host, in the order of the plan.
    pub(super) states: fn(&Site<'_>) -> Result<Vec<ProcessState>, InstallError>,
    /// What a process wrote last.
    pub(super) last_lines: fn(&Site<'_>, &str) -> Vec<String>,
    /// The command that shows more of it.
    pub(super) look: fn(&str) -> String,
}
