#![doc = include_str!("listen_without_inside.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::listening::is_elsewhere;

const CODE: Code = Code("SF0255");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("listen_without_inside.md"), listen_without_inside);

fn listen_without_inside(context: Context<'_>, findings: &mut Findings) {
    for (party, host) in context.addresses() {
        if !is_elsewhere(host) {
            continue;
        }
        let (address, listen) = (&host.address, &host.listen);
        let message = format!(
            "`{}` listens on {}, and its peers dial {}: Ray would be given the wrong one",
            party.name.value, listen.value, address.value
        );
        let finding = Finding::error(CODE, message)
            .label(listen.span, "the machine's own address, by what is written")
            .label(address.span, "dialled here")
            .help(format!(
                "write `inside=\"{}\"` in place of `listen`, if NAT or a load balancer leads there from {}; else drop `listen`",
                listen.value.bare(),
                address.value
            ))
            .fixes(context.rename_property(listen.span, "inside"));
        findings.push(finding);
    }
}
