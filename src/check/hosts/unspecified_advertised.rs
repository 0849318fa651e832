#![doc = include_str!("unspecified_advertised.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0202");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("unspecified_advertised.md"), unspecified_advertised);

fn unspecified_advertised(context: Context<'_>, findings: &mut Findings) {
    for (party, host) in context.addresses() {
        let address = &host.address;
        if !address.value.is_unspecified() {
            continue;
        }
        let message =
            format!("`{}` advertises {}, which nobody can dial", party.name.value, address.value);
        let finding = Finding::error(CODE, message)
            .label(address.span, "an address to listen on, not to dial")
            .help("advertise the address that the peers dial; `listen=\"0.0.0.0\"` is the default");
        findings.push(finding);
    }
}
