#![doc = include_str!("no_unpickling_list.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Engine,
};

const CODE: Code = Code("SF0533");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("no_unpickling_list.md"), no_unpickling_list);

fn no_unpickling_list(context: Context<'_>, findings: &mut Findings) {
    let Some((settings, engine)) = context.links() else { return };
    // A list that the engine ignores is reported by another check, and a list that was switched off was switched off on
    // purpose. Where TLS is still undecided, the engine may change, and with it this finding.
    if context.is_tls_undecided()
        || engine.allow_list
        || !settings.allow.is_empty()
        || settings.allow_all.is_some()
        || context.is_one_machine()
    {
        return;
    }
    let message = format!(
        "the engine `{}` of secretflow {} cannot limit what peers' messages may unpickle",
        settings.engine.value, settings.version.value
    );
    let finding = Finding::warning(CODE, message)
        .label(settings.engine.span, "a peer that attacks could run code here")
        .help("use `engine=\"ray\"`, or run each side where it reaches nothing else of its party");
    findings.push(finding.fixes(context.write_engine(Engine::Ray)));
}
