//! Runs all checks.

use crate::diag::Findings;

use super::{CHECKS, Check, Context, tree::placeholder_left};

/// Every check, by subject.
pub fn all() -> impl Iterator<Item = &'static Check> + Clone {
    CHECKS.iter().copied().flatten()
}

/// Runs every check.
pub fn check(context: Context<'_>, findings: &mut Findings) {
    for check in all() {
        (check.run)(context, findings);
    }
    placeholder_left::drop_repeated(findings);
}
