#![doc = include_str!("tls_off.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0530");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("tls_off.md"), tls_off);

fn tls_off(context: Context<'_>, findings: &mut Findings) {
    let Some(off) = context.topology.tls_off.as_ref().filter(|_| context.is_production()) else {
        return;
    };
    let message = format!("the links between parties are in plain text: \"{}\"", off.because);
    let finding = Finding::warning(CODE, message)
        .label(off.span, "TLS is off")
        .help("remove this as soon as its reason is gone");
    findings.push(finding);
}
