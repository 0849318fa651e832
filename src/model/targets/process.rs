//! `deploy "process"`: `sfgen apply` itself starts the processes.

use super::{Deploy, Keeper, Target};
use crate::types::TargetName;

pub(super) const TARGET: Target = Target {
    name: TargetName::Process,
    properties: &[],
    children: &[],
    read: |_, _| Some(Deploy::Process),
    has_launcher: true,
    brings_ray: false,
    keeper: Keeper::Launcher,
};
