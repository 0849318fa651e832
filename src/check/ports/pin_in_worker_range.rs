#![doc = include_str!("pin_in_worker_range.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Findings},
};

use super::claims::overlaps;

const CODE: Code = Code("SF0206");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("pin_in_worker_range.md"), pin_in_worker_range);

fn pin_in_worker_range(context: Context<'_>, findings: &mut Findings) {
    let help = "move the port below or above the range, or narrow `pin \"ray.workers\"`";
    findings.extend(overlaps(context, CODE, help, |a, b| a.is_workers() != b.is_workers()));
}
