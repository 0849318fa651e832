//! Secrets: what is written in a topology is committed, and read by all parties.

mod names;
mod path_as_secret;
mod places;
mod remedy;
mod spot;
mod written_out;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[written_out::CHECK, path_as_secret::CHECK];
