#![doc = include_str!("simulation_without_ray.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Engine,
};

const CODE: Code = Code("SF0906");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("simulation_without_ray.md"), simulation_without_ray);

fn simulation_without_ray(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow().filter(|_| !context.is_production()) else { return };
    if settings.engine.value == Engine::Ray {
        return;
    }
    let message =
        format!("a simulation needs Ray, and the engine `{}` has none", settings.engine.value);
    let finding = Finding::error(CODE, message)
        .label(settings.engine.span, "without Ray")
        .label(context.topology.name.span, "to be run as a simulation")
        .help(
            "write `engine=\"ray\"`, or use `mode=\"production\"` with all parties on this machine",
        );
    findings.push(finding.fixes(context.write_engine(Engine::Ray)));
}
