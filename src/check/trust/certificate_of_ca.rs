#![doc = include_str!("certificate_of_ca.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    pki::Fault,
};

const CODE: Code = Code("SF0577");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_of_ca.md"), certificate_of_ca);

fn certificate_of_ca(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let leaf = read.leaf.get().map(|leaf| leaf.faults_as_leaf(context.now));
        let faults = leaf.unwrap_or_default();
        if let Some(fault) = faults.iter().find(|fault| matches!(fault, Fault::IsCa)) {
            let message = format!("the certificate of `{}` {fault}", party.name.value);
            let finding =
                Finding::error(CODE, message).label(identity.cert.span, "a CA").help(format!(
                    "name the leaf that the CA signed; `sfgen keys new --party {} --replace` makes both anew",
                    party.name.value
                ));
            findings.push(finding);
        }
    }
}
