#![doc = include_str!("protocol_reveals_data.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::protocols::other_protocols;

const CODE: Code = Code("SF0403");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("protocol_reveals_data.md"), protocol_reveals_data);

fn protocol_reveals_data(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for spu in context.topology.spus.values() {
        let protocol = &spu.protocol;
        if release.protocols.get(&protocol.value).is_none_or(|facts| facts.private) {
            continue;
        }
        let message = format!(
            "SPU `{}` uses {}, which shows every input to every party",
            spu.name.value, protocol.value
        );
        let finding = if context.is_production() {
            Finding::error(CODE, message)
        } else {
            Finding::warning(CODE, message)
        };
        let finding = finding
            .label(protocol.span, "computes in the open")
            .help("use `SEMI2K` (2 or more parties), `CHEETAH` (2) or `ABY3` (3)")
            .fixes(other_protocols(context, spu));
        findings.push(finding);
    }
}
