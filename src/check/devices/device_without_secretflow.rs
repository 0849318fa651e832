#![doc = include_str!("device_without_secretflow.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0409");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("device_without_secretflow.md"), device_without_secretflow);

fn device_without_secretflow(context: Context<'_>, findings: &mut Findings) {
    if !context.is_embedded() {
        return;
    }
    let spus = context.topology.spus.values().map(|spu| ("SPU", &spu.name));
    let heus = context.topology.heus.values().map(|heu| ("HEU", &heu.name));
    for (kind, name) in spus.chain(heus) {
        let message =
            format!("{kind} `{}` needs SecretFlow, and the runtime is embedded", name.value);
        let finding = Finding::error(CODE, message)
            .label(name.span, "the embedded runtime has no devices")
            .help("drop it, or use `runtime \"secretflow\" version=\"1.13.0b0\"`");
        findings.push(finding);
    }
}
