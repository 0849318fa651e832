#![doc = include_str!("pin_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0214");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("pin_twice.md"), pin_twice);

fn pin_twice(context: Context<'_>, findings: &mut Findings) {
    for party in context.topology.parties.values() {
        let Some(main) = party.main_host() else { continue };
        let mut first = BTreeMap::new();
        for pin in &party.pins {
            let host = pin.host.as_ref().map_or(&main.name.value, |host| &host.value);
            let Some(earlier) = first.insert((host, &pin.role.value), pin.role.span) else {
                continue;
            };
            let message = format!("`{}` of host `{host}` is pinned twice", pin.role.value);
            let finding = Finding::error(CODE, message)
                .label(pin.role.span, "again here")
                .label(earlier, "first here")
                .help("keep one of them; several numbers are one range, first and last")
                .fixes(context.drop_node("drop the second", "pin", pin.role.span))
                .fixes(context.drop_node("drop the first", "pin", earlier));
            findings.push(finding);
        }
    }
}
