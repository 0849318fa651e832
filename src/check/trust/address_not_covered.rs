#![doc = include_str!("address_not_covered.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::HostAddr,
};

const CODE: Code = Code("SF0506");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("address_not_covered.md"), address_not_covered);

fn address_not_covered(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let main = party.main_host().filter(|host| host.has_address);
        let (Some(leaf), Some(host)) = (read.leaf.get(), main) else { continue };
        let address = &host.address;
        if leaf.covers(&address.value) {
            continue;
        }
        let name = &party.name.value;
        let listed: Vec<String> = leaf.subject_alt_names().iter().map(HostAddr::bare).collect();
        let listed = if listed.is_empty() { "no address".to_owned() } else { listed.join(", ") };
        let kind = if matches!(address.value, HostAddr::Ip(_)) { "IP" } else { "DNS" };
        let message = format!(
            "the certificate of `{name}` does not list {} in its subjectAltName",
            address.value.bare()
        );
        let finding = Finding::error(CODE, message)
            .label(identity.cert.span, format!("lists {listed}"))
            .label(address.span, "dialled here")
            .help(format!(
                "run `sfgen keys renew --party {name}` on the machine of `{name}`, which signs another with the CA that is there, so that peers need no new CA; or ask your CA for `subjectAltName={kind}:{}`",
                address.value.bare()
            ));
        findings.push(finding);
    }
}
