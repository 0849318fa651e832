#![doc = include_str!("allow_not_enforced.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0534");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("allow_not_enforced.md"), allow_not_enforced);

fn allow_not_enforced(context: Context<'_>, findings: &mut Findings) {
    let Some((settings, engine)) = context.links() else { return };
    let (false, Some(first)) = (engine.allow_list, settings.allow.first()) else { return };
    let message = format!(
        "the engine `{}` of secretflow {} ignores the list of what may be unpickled",
        settings.engine.value, settings.version.value
    );
    let finding = Finding::error(CODE, message)
        .label(first.module.span, "has no effect")
        .label(settings.engine.span, "this engine")
        .help("use `engine=\"ray\"`, or drop the list");
    findings.push(finding);
}
