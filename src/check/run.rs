//! Runs the checks that apply.

use crate::diag::Findings;

use super::{Check, Context, SUBJECTS, Subject, tree::placeholder_left};

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
    placeholder_left::drop_repeated(findings);
}

/// Whether some party has the target that the subject is about.
fn applies(subject: &Subject, context: Context<'_>) -> bool {
    let mut parties = context.topology.parties.values();
    subject.target.is_none_or(|target| parties.any(|party| party.deploy.target().name == target))
}
