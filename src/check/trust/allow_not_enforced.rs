#![doc = include_str!("allow_not_enforced.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Engine,
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
        .remedy("use `engine=\"ray\"`", context.write_engine(Engine::Ray))
        .remedy("drop the list", None);
    findings.push(finding);
}
