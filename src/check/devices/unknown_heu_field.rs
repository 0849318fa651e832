#![doc = include_str!("unknown_heu_field.md")]

use crate::{
    check::{Check, Context, names::unknown},
    diag::{Code, Findings},
};

const CODE: Code = Code("SF0407");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unknown_heu_field.md"), unknown_heu_field);

fn unknown_heu_field(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for heu in context.topology.heus.values() {
        if let Some(field) = heu.field.as_ref()
            && !release.fields.contains_key(&field.value)
        {
            let known = release.fields.keys().map(String::as_str);
            findings.push(unknown(context, CODE, "field", field, known));
        }
    }
}
