#![doc = include_str!("bridge_unknown.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::protocols::other_protocols;

const CODE: Code = Code("SF0410");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("bridge_unknown.md"), bridge_unknown);

fn bridge_unknown(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    let bridged = |protocol: &String| release.protocols.get(protocol).is_none_or(|facts| facts.heu);
    let spus = &context.topology.spus;
    let Some(spu) = spus.values().next() else { return };
    // A protocol that reveals the data is reported by another check, and changing it mends this too.
    let hidden =
        |protocol: &String| release.protocols.get(protocol).is_some_and(|facts| facts.private);
    if spus.values().any(|spu| bridged(&spu.protocol.value)) || !hidden(&spu.protocol.value) {
        return;
    }
    let known: Vec<&str> = release
        .protocols
        .iter()
        .filter(|(_, facts)| facts.heu)
        .map(|(name, _)| name.as_str())
        .collect();
    for heu in context.topology.heus.values() {
        let message = format!(
            "HEU `{}` cannot exchange values with an SPU of protocol {}",
            heu.name.value, spu.protocol.value
        );
        let finding = Finding::error(CODE, message)
            .label(heu.name.span, "no SPU to exchange values with")
            .label(spu.protocol.span, "no bridge to this one")
            .help(format!("use one of {} for an SPU", known.join(", ")))
            .fixes(other_protocols(context, spu));
        findings.push(finding);
    }
}
