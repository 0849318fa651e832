#![doc = include_str!("link_local_advertised.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0203");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("link_local_advertised.md"), link_local_advertised);

fn link_local_advertised(context: Context<'_>, findings: &mut Findings) {
    for (party, host) in context.addresses() {
        let address = &host.address;
        if !address.value.is_link_local() {
            continue;
        }
        let message = format!(
            "`{}` advertises {}, a link-local address that no router forwards",
            party.name.value, address.value
        );
        let finding = Finding::error(CODE, message)
            .label(address.span, "valid on one network segment only")
            .help("advertise a fixed address that the peers can route to");
        findings.push(finding);
    }
}
