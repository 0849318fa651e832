#![doc = include_str!("loopback_advertised.md")]

use crate::{
    diag::{Code, Finding, Findings},
    model::{Host, Party},
};

use super::{Check, Context};

const CODE: Code = Code("SF0201");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("loopback_advertised.md"), loopback_advertised);

fn loopback_advertised(context: Context<'_>, findings: &mut Findings) {
    let hosts: Vec<(&Party, &Host)> = context.topology.hosts().collect();
    for (party, host) in &hosts {
        let address = &host.address;
        if !address.value.is_loopback() {
            continue;
        }
        let Some((other, far)) = hosts.iter().find(|(_, far)| far.address.value != address.value)
        else {
            continue;
        };
        let message = format!(
            "{} advertises {} to parties on other hosts, who would reach themselves",
            party.name.value, address.value
        );
        let finding = Finding::error(CODE, message)
            .label(address.span, "only this machine can dial it")
            .label(far.address.span, format!("{} is on another machine", other.name.value))
            .help("advertise an address that the peers can route to; loopback works only when all hosts have the same address");
        findings.push(finding);
    }
}
