#![doc = include_str!("unpickling_unrestricted.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0532");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unpickling_unrestricted.md"), unpickling_unrestricted);

fn unpickling_unrestricted(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow().filter(|_| context.is_production()) else { return };
    let Some(lifted) = &settings.allow_all else { return };
    let message = format!("peers can run any code on the others' machines: \"{}\"", lifted.because);
    let finding = Finding::warning(CODE, message)
        .label(lifted.span, "lifts the list of what may be unpickled")
        .help("name what the job needs instead: `allow-deserialize \"MODULE\" \"NAME\"`");
    findings.push(finding);
}
