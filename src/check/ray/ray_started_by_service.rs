#![doc = include_str!("ray_started_by_service.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::RayPort,
};

use super::start::{starts_ray, words};

const CODE: Code = Code("SF0307");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("ray_started_by_service.md"), ray_started_by_service);

fn ray_started_by_service(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow().filter(|_| context.has_ray()) else { return };
    for party in context.topology.parties.values() {
        for service in party.services.iter().filter(|service| starts_ray(service)) {
            let name = &service.name.value;
            let given = words(service);
            let is_given =
                |flag: &&str| given.iter().any(|word| word.split('=').next() == Some(*flag));
            let flags = RayPort::ALL.into_iter().flat_map(RayPort::flags).copied();
            let left: Vec<String> =
                flags.filter(|flag| !is_given(flag)).map(|flag| format!("`{flag}`")).collect();
            let chance = if left.is_empty() {
                String::new()
            } else {
                format!(" and leaves to chance: {}", left.join(", "))
            };
            let span = service.command.first().map_or(service.name.span, |word| word.span);
            let message = format!("service `{name}` starts a Ray beside the planned one{chance}");
            let finding = Finding::error(CODE, message)
                .label(span, "starts Ray")
                .label(settings.engine.span, "with this engine, sfgen starts Ray on every host")
                .help("drop the service: sfgen starts Ray with every port planned; what needs it says `after=\"ray\"`, and `ray cpus=... object-store=...` in the host sets its size");
            findings.push(finding);
        }
    }
}
