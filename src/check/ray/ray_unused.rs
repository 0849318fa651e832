#![doc = include_str!("ray_unused.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::Runtime,
    types::Engine,
};

const CODE: Code = Code("SF0302");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("ray_unused.md"), ray_unused);

fn ray_unused(context: Context<'_>, findings: &mut Findings) {
    if context.has_ray() {
        return;
    }
    let why = match &context.topology.runtime {
        Runtime::Secretflow(settings) => {
            format!("the engine `{}` has no Ray", settings.engine.value)
        }
        Runtime::Embedded => "the embedded runtime has no Ray".to_owned(),
        Runtime::Unread => return,
    };
    for (_, host) in context.topology.hosts() {
        let Some(span) = host.ray.span else { continue };
        let message = format!("`ray` on `{}` has no effect: {why}", host.name.value);
        let finding = Finding::warning(CODE, message)
            .label(span, "settings without a Ray")
            .remedy("drop the node", None)
            .remedy("write `engine=\"ray\"`", context.write_engine(Engine::Ray));
        findings.push(finding);
    }
}
