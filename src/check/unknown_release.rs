#![doc = include_str!("unknown_release.md")]

use crate::{
    catalogue,
    diag::{Code, Findings},
};

use super::{Check, Context, names::unknown};

const CODE: Code = Code("SF0901");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unknown_release.md"), unknown_release);

fn unknown_release(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow().filter(|_| context.release().is_none()) else {
        return;
    };
    let known = catalogue::releases().iter().map(|release| release.version.as_str());
    findings.push(unknown(CODE, "release", &settings.version, known));
}
