#![doc = include_str!("back_end_without_tls.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::{BackEnd, Links},
};

const CODE: Code = Code("SF0538");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("back_end_without_tls.md"), back_end_without_tls);

fn back_end_without_tls(context: Context<'_>, findings: &mut Findings) {
    let Some((settings, engine)) = context.links() else { return };
    let topology = context.topology;
    let back_end = settings.cross_silo.back_end;
    // An engine without any TLS is reported by another check; the launchers' gateway carries links of all kinds.
    if !engine.tls
        || !engine.plain_back_ends.contains(&back_end.value.to_string())
        || topology.tls_off.is_some()
        || topology.links.value == Links::Gateway
    {
        return;
    }
    let message = format!(
        "the back-end `{}` of secretflow {} ignores `tls_config` in silence",
        back_end.value, settings.version.value
    );
    let finding = Finding::error(CODE, message)
        .label(back_end.span, "its messages would be in plain text")
        .label(settings.engine.span, "this engine leaves TLS to it")
        .help(format!(
            "write `cross-silo back-end=\"{}\"`, or, if the way between the parties is protected otherwise, say so: `tls \"off\" because=\"...\"`",
            BackEnd::Grpc
        ))
        .fixes(context.write(
            format!("write `cross-silo back-end=\"{}\"`", BackEnd::Grpc),
            &back_end,
            &BackEnd::Grpc,
        ));
    findings.push(finding);
}
