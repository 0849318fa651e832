//! `deploy "process"`: `sfgen apply` itself starts the processes.

use crate::types::TargetName;

use super::target::{Keeper, Target};

pub(super) const TARGET: Target = Target {
    name: TargetName::Process,
    properties: &[],
    children: &[],
    has_launcher: true,
    brings_ray: false,
    keeper: Keeper::Launcher,
};
