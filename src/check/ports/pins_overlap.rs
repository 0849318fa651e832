#![doc = include_str!("pins_overlap.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Findings},
};

use super::claims::overlaps;

const CODE: Code = Code("SF0205");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("pins_overlap.md"), pins_overlap);

fn pins_overlap(context: Context<'_>, findings: &mut Findings) {
    let help = "move one of the two, or drop a `pin` and sfgen allots free numbers";
    findings.extend(overlaps(context, CODE, help, |a, b| a.is_workers() == b.is_workers()));
}
