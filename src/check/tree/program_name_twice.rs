#![doc = include_str!("program_name_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::ProcessName,
};

const CODE: Code = Code("SF0019");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("program_name_twice.md"), program_name_twice);

fn program_name_twice(context: Context<'_>, findings: &mut Findings) {
    let mut first = BTreeMap::new();
    for (party, host) in context.topology.hosts() {
        let Some(what) = party.deploy.target().keeper.noun() else { continue };
        let services = party.services_on(&host.name.value);
        let services = services.map(|service| (service.name.value.as_str(), service.name.span));
        let ray = context.has_ray().then_some((ProcessName::RAY, party.name.span));
        for (service, span) in ray.into_iter().chain(services) {
            let name = format!("{}-{service}", party.name.value);
            let Some((other, earlier)) = first
                .insert((what, host.machine(), name.clone()), (&party.name.value, span))
                .filter(|(other, _)| **other != party.name.value)
            else {
                continue;
            };
            let message = format!(
                "a {what} of `{other}` and one of `{}` have one name on one machine, `{name}`",
                party.name.value
            );
            let finding = Finding::error(CODE, message)
                .label(span, "the same name again")
                .label(earlier, "first here")
                .help("give the service another name: that of its party and its own are joined by `-`");
            findings.push(finding);
        }
    }
}
