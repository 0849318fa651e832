#![doc = include_str!("ipv6_with_secretflow.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    types::HostAddr,
};

const CODE: Code = Code("SF0204");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("ipv6_with_secretflow.md"), ipv6_with_secretflow);

fn ipv6_with_secretflow(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow() else { return };
    // Addresses that nobody can dial are reported by other checks.
    let bad = |address: &Spanned<HostAddr>| {
        let HostAddr::Ip(ip) = &address.value else { return false };
        ip.is_ipv6() && !address.value.is_link_local()
    };
    for (party, host) in context.addresses() {
        let written = [Some(&host.address), host.inside.as_ref(), Some(&host.listen)];
        let Some(address) = written.into_iter().flatten().find(|address| bad(address)) else {
            continue;
        };
        if host.address.value.is_unspecified() {
            continue;
        }
        let message = format!(
            "`{}` uses the IPv6 address {}, which SecretFlow cuts at its first colon",
            party.name.value, address.value
        );
        let finding = Finding::error(CODE, message)
            .label(address.span, "neither Ray nor the cross-silo link takes it")
            .label(settings.version.span, "of this runtime")
            .help("write an IPv4 address, or a DNS name that has one");
        findings.push(finding);
    }
}
