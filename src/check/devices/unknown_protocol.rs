#![doc = include_str!("unknown_protocol.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context, names::unknown},
    diag::{Code, Findings},
};

const CODE: Code = Code("SF0401");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unknown_protocol.md"), unknown_protocol);

fn unknown_protocol(context: Context<'_>, findings: &mut Findings) {
    let releases = context.releases();
    let known: BTreeSet<&str> =
        releases.iter().flat_map(|release| release.protocols.keys()).map(String::as_str).collect();
    if known.is_empty() {
        return;
    }
    for spu in context.topology.spus.values() {
        if !known.contains(spu.protocol.value.as_str()) {
            let known = known.iter().copied();
            findings.push(unknown(context, CODE, "protocol", &spu.protocol, known));
        }
    }
}
