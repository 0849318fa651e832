//! The runtime: release, engine, Python, and the mode in which it runs.

mod engine_not_shipped;
mod mode_mixed;
mod party_called_twice;
mod python_not_the_releases;
mod unknown_release;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    party_called_twice::CHECK,
    unknown_release::CHECK,
    engine_not_shipped::CHECK,
    python_not_the_releases::CHECK,
    mode_mixed::CHECK,
];
