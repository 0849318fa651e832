#![doc = include_str!("loopback_spellings.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::HostAddr,
};

const CODE: Code = Code("SF0216");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("loopback_spellings.md"), loopback_spellings);

fn loopback_spellings(context: Context<'_>, findings: &mut Findings) {
    let mut hosts: Vec<_> = context.topology.hosts().map(|(_, host)| host).collect();
    hosts.sort_by_key(|host| host.address.span);
    // Beside other machines none of these names is right, nor is IPv6 with SecretFlow: other checks report both.
    let has_other_finding = |address: &HostAddr| {
        !address.is_loopback() || (address.is_ipv6() && context.secretflow().is_some())
    };
    let Some(first) = hosts.first() else { return };
    if hosts.iter().any(|host| has_other_finding(&host.address.value)) {
        return;
    }
    let mut seen = BTreeSet::from([&first.address.value]);
    for host in &hosts {
        if !seen.insert(&host.address.value) {
            continue;
        }
        let (one, two) = (&first.address.value, &host.address.value);
        let message = format!("{one} and {two} are one machine, and would be planned as two");
        let finding = Finding::error(CODE, message)
            .label(host.address.span, format!("this machine as `{two}`"))
            .label(first.address.span, format!("and as `{one}`"))
            .help(format!("write one of them everywhere: `address=\"{}\"`", one.bare()))
            .fixes(context.write(
                format!("write `address=\"{}\"`", one.bare()),
                &host.address.clone().map(|address| address.bare()),
                &one.bare(),
            ));
        findings.push(finding);
    }
}
