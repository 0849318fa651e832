#![doc = include_str!("certificate_critical_extension.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    pki::{Certificate, Fault},
};

const CODE: Code = Code("SF0575");

pub(super) const CHECK: Check = Check::new(
    CODE,
    include_str!("certificate_critical_extension.md"),
    certificate_critical_extension,
);

fn certificate_critical_extension(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let files = [("CA", &identity.ca, &read.ca), ("certificate", &identity.cert, &read.leaf)];
        for (what, path, read) in files {
            // Of an extension it does not matter which of the two the certificate is.
            let faults = read.get().map(|read: &Certificate| read.faults_as_ca(context.now));
            let is_extension = |fault: &Fault| matches!(fault, Fault::CriticalExtension(_));
            let faults = faults.unwrap_or_default().into_iter().filter(is_extension);
            findings.extend(faults.map(|fault| {
                let message = format!("the {what} of `{}` {fault}", party.name.value);
                Finding::error(CODE, message).label(path.span, "this file").help(format!(
                    "have it issued without that extension, or run `sfgen keys new --party {} --replace`",
                    party.name.value
                ))
            }));
        }
    }
}
