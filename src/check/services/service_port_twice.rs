#![doc = include_str!("service_port_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0109");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("service_port_twice.md"), service_port_twice);

fn service_port_twice(context: Context<'_>, findings: &mut Findings) {
    for (party, host) in context.topology.hosts() {
        let mut first = BTreeMap::new();
        for service in party.services_on(&host.name.value) {
            for port in &service.ports {
                let name = &port.name;
                let owner = &service.name.value;
                let Some((other, earlier)) = first.get(&name.value) else {
                    first.insert(&name.value, (owner, name.span));
                    continue;
                };
                // Within one service it was reported when the file was read.
                if *other == owner {
                    continue;
                }
                let message = format!(
                    "services `{other}` and `{owner}` on `{}` both declare port `{}`",
                    host.name.value, name.value
                );
                let finding = Finding::error(CODE, message)
                    .label(name.span, "again here")
                    .label(*earlier, "first here")
                    .help("give one of the ports another name");
                findings.push(finding);
            }
        }
    }
}
