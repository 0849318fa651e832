#![doc = include_str!("certificate_usage.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    pki::Fault,
};

const CODE: Code = Code("SF0576");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_usage.md"), certificate_usage);

fn certificate_usage(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let leaf = read.leaf.get().map(|leaf| leaf.faults_as_leaf(context.now));
        let faults = leaf.unwrap_or_default();
        if let Some(fault) = faults.iter().find(|fault| matches!(fault, Fault::Usage(_))) {
            let message = format!("the certificate of `{}` {fault}", party.name.value);
            let finding = Finding::error(CODE, message)
                .label(identity.cert.span, "this file")
                .help(format!(
                    "ask your CA for `extendedKeyUsage=serverAuth,clientAuth`, or run `sfgen keys new --party {} --replace`",
                    party.name.value
                ));
            findings.push(finding);
        }
    }
}
