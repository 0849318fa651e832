//! `deploy "process"`: `sfgen apply` itself starts the processes.

use crate::types::TargetName;

use super::target::Target;

pub(super) const TARGET: Target = Target {
    name: TargetName::Process,
    properties: &[],
    children: &[],
    has_launcher: true,
    brings_ray: false,
    has_containers: false,
    process_is: None,
    starts_by_env: false,
};
