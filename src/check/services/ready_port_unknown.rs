#![doc = include_str!("ready_port_unknown.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    syntax::nearest,
};

const CODE: Code = Code("SF0110");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("ready_port_unknown.md"), ready_port_unknown);

fn ready_port_unknown(context: Context<'_>, findings: &mut Findings) {
    let services = context.topology.parties.values().flat_map(|party| &party.services);
    for service in services.filter(|service| service.ports.is_whole()) {
        let Some(ready) = &service.ready else { continue };
        let known: Vec<&str> = service.ports.iter().map(|port| port.name.value.as_str()).collect();
        if known.contains(&ready.value.as_str()) {
            continue;
        }
        let near = nearest(&ready.value, known.iter().copied());
        let fix = near.and_then(|near| context.write(format!("write `{near}`"), ready, near));
        let help = match (near, known.as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => format!("declare it: `port \"{}\"`", ready.value),
            (None, known) => format!("its ports: {}", known.join(", ")),
        };
        let message =
            format!("service `{}` has no port `{}` to answer at", service.name.value, ready.value);
        let finding = Finding::error(CODE, message).label(ready.span, "no such port");
        findings.push(finding.help(help).fixes(fix));
    }
}
