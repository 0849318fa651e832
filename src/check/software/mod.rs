//! Software beside SecretFlow: packages that fit, and programs that are there.

mod package_conflict;
mod packages_without_environment;
mod program_not_installed;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] =
    &[package_conflict::CHECK, packages_without_environment::CHECK, program_not_installed::CHECK];
