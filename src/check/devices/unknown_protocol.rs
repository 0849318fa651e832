#![doc = include_str!("unknown_protocol.md")]

use crate::{
    check::{Check, Context, names::unknown},
    diag::{Code, Findings},
};

const CODE: Code = Code("SF0401");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unknown_protocol.md"), unknown_protocol);

fn unknown_protocol(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for spu in context.topology.spus.values() {
        if !release.protocols.contains_key(&spu.protocol.value) {
            let known = release.protocols.keys().map(String::as_str);
            findings.push(unknown(context, CODE, "protocol", &spu.protocol, known));
        }
    }
}
