//! The table of all checks, and how they are run.

use crate::diag::Findings;

use super::{
    context::Context, definition::Check, devices, docker, hosts, jobs, kuscia, ports, ray, runtime,
    services, tree, trust,
};

/// The checks of each subject.
pub const CHECKS: &[&[Check]] = &[
    tree::CHECKS,
    jobs::CHECKS,
    services::CHECKS,
    hosts::CHECKS,
    ports::CHECKS,
    ray::CHECKS,
    devices::CHECKS,
    trust::CHECKS,
    runtime::CHECKS,
    docker::CHECKS,
    kuscia::CHECKS,
];

/// Every check, by subject.
pub fn all() -> impl Iterator<Item = &'static Check> + Clone {
    CHECKS.iter().copied().flatten()
}

/// Runs every check.
pub fn check(context: Context<'_>, findings: &mut Findings) {
    for check in all() {
        (check.run)(context, findings);
    }
    tree::placeholder_left::drop_repeated(findings);
}
