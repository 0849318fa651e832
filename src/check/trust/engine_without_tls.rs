#![doc = include_str!("engine_without_tls.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Engine,
};

const CODE: Code = Code("SF0531");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("engine_without_tls.md"), engine_without_tls);

fn engine_without_tls(context: Context<'_>, findings: &mut Findings) {
    let Some((settings, _)) = context.links().filter(|_| context.is_tls_undecided()) else {
        return;
    };
    let message = format!(
        "the engine `{}` of secretflow {} has no working TLS",
        settings.engine.value, settings.version.value
    );
    let finding = Finding::error(CODE, message)
        .label(settings.engine.span, "its links would be in plain text")
        .remedy("use `engine=\"ray\"`", context.write_engine(Engine::Ray))
        .remedy(
            "if the way between the parties is protected otherwise, say so: `tls \"off\" because=\"...\"`",
            None,
        );
    findings.push(finding);
}
