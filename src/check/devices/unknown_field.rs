#![doc = include_str!("unknown_field.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context, names::unknown},
    diag::{Code, Findings},
};

const CODE: Code = Code("SF0404");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("unknown_field.md"), unknown_field);

fn unknown_field(context: Context<'_>, findings: &mut Findings) {
    let releases = context.releases();
    let known: BTreeSet<&str> =
        releases.iter().flat_map(|release| release.fields.keys()).map(String::as_str).collect();
    if known.is_empty() {
        return;
    }
    for spu in context.topology.spus.values() {
        if !known.contains(spu.field.value.as_str()) {
            let known = known.iter().copied();
            findings.push(unknown(context, CODE, "field", &spu.field, known));
        }
    }
}
