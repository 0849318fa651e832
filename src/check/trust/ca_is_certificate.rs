#![doc = include_str!("ca_is_certificate.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0537");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("ca_is_certificate.md"), ca_is_certificate);

fn ca_is_certificate(context: Context<'_>, findings: &mut Findings) {
    if !context.is_production() {
        return;
    }
    for party in context.topology.parties.values() {
        let Some(identity) = party.identity.as_ref().filter(|own| own.is_one_file()) else {
            continue;
        };
        let name = &party.name.value;
        let message =
            format!("one file, `{}`, is both CA and certificate of `{name}`", identity.ca.value);
        let finding = Finding::error(CODE, message)
            .label(identity.cert.span, "the certificate that peers are shown")
            .label(identity.ca.span, "the CA that signed it")
            .help(format!(
                "name two files, such as `ca=\"pki/{name}/ca.pem\"` and `cert=\"pki/{name}/node.pem\"`; `sfgen keys new --party {name}` makes both"
            ));
        findings.push(finding);
    }
}
