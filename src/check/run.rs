//! The table of all checks, and how those that apply are run.

use crate::{diag::Findings, types::TargetName};

use super::{
    context::Context,
    definition::{Check, Subject},
    devices, docker, files, hosts, jobs, kuscia, ports, ray, runtime, secrets, services, software,
    tree, trust,
};

/// The checks of each subject.
pub const SUBJECTS: &[Subject] = &[
    Subject::of_all(tree::CHECKS),
    Subject::of_all(jobs::CHECKS),
    Subject::of_all(services::CHECKS),
    Subject::of_all(software::CHECKS),
    Subject::of_all(files::CHECKS),
    Subject::of_all(secrets::CHECKS),
    Subject::of_all(hosts::CHECKS),
    Subject::of_all(ports::CHECKS),
    Subject::of_all(ray::CHECKS),
    Subject::of_all(devices::CHECKS),
    Subject::of_all(trust::CHECKS),
    Subject::of_all(runtime::CHECKS),
    Subject::of_target(TargetName::Docker, docker::CHECKS),
    Subject::of_target(TargetName::Kuscia, kuscia::CHECKS),
];

/// Every check, by subject.
pub fn all() -> impl Iterator<Item = &'static Check> + Clone {
    SUBJECTS.iter().flat_map(|subject| subject.checks)
}

/// Runs every check that applies to the topology.
pub fn check(context: Context<'_>, findings: &mut Findings) {
    for subject in SUBJECTS.iter().filter(|subject| applies(subject, context)) {
        for check in subject.checks {
            (check.run)(context, findings);
        }
    }
    tree::placeholder_left::drop_repeated(findings);
}

/// Whether some party has the target that the subject is about.
fn applies(subject: &Subject, context: Context<'_>) -> bool {
    let mut parties = context.topology.parties.values();
    subject.target.is_none_or(|target| parties.any(|party| party.deploy.target().name == target))
}
