#![doc = include_str!("ca_did_not_sign.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::authorities::owners;

const CODE: Code = Code("SF0507");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("ca_did_not_sign.md"), ca_did_not_sign);

fn ca_did_not_sign(context: Context<'_>, findings: &mut Findings) {
    let owners = owners(context);
    for (party, identity, read) in context.identities() {
        let (Some(ca), Some(is_signed)) = (read.ca.get(), read.is_signed()) else { continue };
        let name = &party.name.value;
        let finding = if !ca.is_ca() {
            Finding::error(
                CODE,
                format!("the CA of `{name}` is a certificate that may not sign others"),
            )
            .label(identity.ca.span, "no CA")
        } else if !is_signed {
            // Somebody else's CA is told as that.
            if owners.contains_key(ca.public_key()) {
                continue;
            }
            Finding::error(CODE, format!("the certificate of `{name}` is not signed by its CA"))
                .label(identity.cert.span, "signed by another one")
                .label(identity.ca.span, "not by this one")
        } else {
            continue;
        };
        findings.push(
            finding.help("commit the CA certificate that signed the leaf, without a root above it"),
        );
    }
}
