#![doc = include_str!("program_name_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Host, Keeper, Party},
    types::{Mode, ProcessName},
};

const CODE: Code = Code("SF0019");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("program_name_twice.md"), program_name_twice);

/// The word of the launcher's unit behind the name of its party.
const LAUNCHER: &str = "launcher";

/// Whether a unit of the host is the party's launcher.
fn has_launcher_unit(context: Context<'_>, party: &Party, host: &Host) -> bool {
    let target = party.deploy.target();
    let is_main = party.main_host().is_some_and(|main| main.name.value == host.name.value);
    context.topology.mode == Mode::Production
        && target.has_launcher
        && matches!(target.keeper, Keeper::Units)
        && is_main
}

fn program_name_twice(context: Context<'_>, findings: &mut Findings) {
    let mut first = BTreeMap::new();
    for (party, host) in context.topology.hosts() {
        let Some(what) = party.deploy.target().keeper.noun() else { continue };
        let services = party.services_on(&host.name.value);
        let services = services.map(|service| (service.name.value.as_str(), service.name.span));
        let ray = context.has_ray().then_some((ProcessName::RAY, party.name.span));
        let launcher = has_launcher_unit(context, party, host);
        let launcher = launcher.then_some((LAUNCHER, party.name.span));
        for (service, span) in ray.into_iter().chain(launcher).chain(services) {
            let name = format!("{}-{service}", party.name.value);
            let Some((other, earlier)) = first
                .insert((what, host.machine(), name.clone()), (&party.name.value, span))
                .filter(|(other, _)| **other != party.name.value || service == LAUNCHER)
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
