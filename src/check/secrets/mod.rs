//! Secrets: what is written in a topology is committed, and read by all parties.

mod spot;
mod written_out;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[written_out::CHECK];
