#![doc = include_str!("unknown_field.md")]

use crate::{
    check::{Check, Context, names::unknown},
    diag::{Code, Findings},
};

const CODE: Code = Code("SF0404");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("unknown_field.md"), unknown_field);

fn unknown_field(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for spu in context.topology.spus.values() {
        if !release.fields.contains_key(&spu.field.value) {
            let known = release.fields.keys().map(String::as_str);
            findings.push(unknown(context, CODE, "field", &spu.field, known));
        }
    }
}
