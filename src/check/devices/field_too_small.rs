#![doc = include_str!("field_too_small.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0405");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("field_too_small.md"), field_too_small);

fn field_too_small(context: Context<'_>, findings: &mut Findings) {
    let Some(release) = context.release else { return };
    for spu in context.topology.spus.values() {
        let field = &spu.field;
        if release.fields.get(&field.value).is_none_or(|facts| facts.fixed_point) {
            continue;
        }
        let message = format!(
            "SPU `{}` computes in {}, which is too small for fractions",
            spu.name.value, field.value
        );
        let wide = release.fields.iter().filter(|(_, facts)| facts.fixed_point);
        let fixes = wide.filter_map(|(name, _)| {
            context.write(format!("write `field=\"{name}\"`"), field, name)
        });
        let finding = Finding::warning(CODE, message)
            .label(field.span, "results with fractions will be wrong")
            .help("use `FM64` or `FM128`, unless all that is computed are small whole numbers")
            .fixes(fixes);
        findings.push(finding);
    }
}
