#![doc = include_str!("certificate_broken.md")]

use crate::{
    diag::{Code, Finding, Findings},
    pki::PkiError,
};

use super::{Check, Context, ReadCertificate};

const CODE: Code = Code("SF0503");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_broken.md"), certificate_broken);

fn certificate_broken(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        for (path, read) in [(&identity.ca, &read.ca), (&identity.cert, &read.leaf)] {
            let ReadCertificate::Broken(why) = read else { continue };
            let help = if *why == PkiError::PrivateKey.to_string() {
                "take the key out and make new ones (`sfgen keys new`): what was committed stays in the history"
            } else {
                "commit one public certificate in PEM, as `sfgen keys new` or your CA wrote it"
            };
            let message =
                format!("`{}` of `{}` is no certificate: {why}", path.value, party.name.value);
            findings.push(Finding::error(CODE, message).label(path.span, "this file").help(help));
        }
    }
}
