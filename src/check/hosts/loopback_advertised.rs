#![doc = include_str!("loopback_advertised.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    types::HostAddr,
};

const CODE: Code = Code("SF0201");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("loopback_advertised.md"), loopback_advertised);

fn loopback_advertised(context: Context<'_>, findings: &mut Findings) {
    let hosts = context.addresses();
    let mut seen = BTreeSet::new();
    let machines: Vec<_> =
        hosts.iter().filter(|(_, host)| seen.insert(&host.address.value)).collect();
    // `0.0.0.0` names no machine, and two names of this machine name one: other checks report both.
    let is_other = |near: &Spanned<HostAddr>, far: &Spanned<HostAddr>| {
        far.value != near.value && !far.value.is_unspecified() && !far.value.is_loopback()
    };
    for (party, host) in &hosts {
        let address = &host.address;
        // Addresses that SecretFlow cannot take are reported by another check.
        let is_refused = address.value.is_ipv6() && context.secretflow().is_some();
        if !address.value.is_loopback() || is_refused {
            continue;
        }
        let Some((other, far)) = machines.iter().find(|(_, far)| is_other(address, &far.address))
        else {
            continue;
        };
        let message = format!(
            "`{}` advertises {} to parties on other hosts, who would reach themselves",
            party.name.value, address.value
        );
        let finding = Finding::error(CODE, message)
            .label(address.span, "only this machine can dial it")
            .label(far.address.span, format!("`{}` is on another machine", other.name.value))
            .help("advertise an address that the peers can route to; loopback works only when all hosts have the same address");
        findings.push(finding);
    }
}
