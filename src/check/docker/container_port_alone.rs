#![doc = include_str!("container_port_alone.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::PortMapping,
};

use super::published::Published;

const CODE: Code = Code("SF1006");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("container_port_alone.md"), container_port_alone);

fn container_port_alone(context: Context<'_>, findings: &mut Findings) {
    let published = Published::new(context);
    for (party, mapping) in published.mappings() {
        let container = mapping.value.container;
        if mapping.value.machine.is_some() {
            continue;
        }
        let message = format!(
            "port {container} of the containers of `{}` is published, and Docker picks where",
            party.name.value
        );
        let finding = Finding::error(CODE, message)
            .label(mapping.span, "no port of the machine, so a random one");
        let whole = PortMapping { machine: Some(container), ..mapping.value };
        if let Some(pin) = party.pin_at(container.first()) {
            let label = format!("`{}` listens here, and peers dial this number", pin.role.value);
            let finding = finding.label(pin.range.span, label);
            let fix = context.write(format!("write `publish \"{whole}\"`"), mapping, &whole);
            findings.push(finding.help(format!("write both: `publish \"{whole}\"`")).fixes(fix));
            continue;
        }
        let place = party.main_host().map_or(party.name.span, |host| host.address.span);
        let pin = published.pin_for(party, container);
        let pin = pin.map(|pin| format!(", and say who listens there: {pin}")).unwrap_or_default();
        let finding = finding.label(place, "nobody knows which port to dial here");
        findings.push(finding.help(format!("write both: `publish \"{whole}\"`{pin}")));
    }
}
