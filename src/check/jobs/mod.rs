//! Jobs: who takes part, and what they run.

mod job_not_for_runtime;
mod lonely_job;
mod script_absent;
mod sum_inputs;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] =
    &[script_absent::CHECK, lonely_job::CHECK, job_not_for_runtime::CHECK, sum_inputs::CHECK];
