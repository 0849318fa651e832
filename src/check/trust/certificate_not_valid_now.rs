#![doc = include_str!("certificate_not_valid_now.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    pki::{Certificate, Fault},
    types::PartyName,
};

use super::{authorities::renewal, certificates::ReadCertificate};

const CODE: Code = Code("SF0504");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_not_valid_now.md"), certificate_not_valid_now);

fn certificate_not_valid_now(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let now = context.now;
        let name = &party.name.value;
        let faults = |read: &ReadCertificate, as_what: fn(&Certificate, _) -> Vec<Fault>| {
            read.get().map(|certificate| as_what(certificate, now)).unwrap_or_default()
        };
        let files = [
            ("CA", &identity.ca, faults(&read.ca, Certificate::faults_as_ca)),
            ("certificate", &identity.cert, faults(&read.leaf, Certificate::faults_as_leaf)),
        ];
        for (what, path, faults) in files {
            let mut helps = faults
                .into_iter()
                .filter_map(|fault| Some((help(&fault, what == "CA", name)?, fault)));
            let Some((help, fault)) = helps.next() else { continue };
            let message = format!("the {what} of `{name}` {fault}");
            findings.push(Finding::error(CODE, message).label(path.span, "this file").help(help));
            break; // who makes a new CA makes a new leaf
        }
    }
}

/// What to do about a certificate whose time is over or has not come; `None` for other faults.
fn help(fault: &Fault, is_ca: bool, party: &PartyName) -> Option<String> {
    match fault {
        Fault::Ended(_) => Some(renewal(is_ca, party)),
        Fault::NotYetValid(_) => {
            Some("set the clocks by NTP, here and where it was made".to_owned())
        }
        Fault::CriticalExtension(_) | Fault::Usage(_) | Fault::IsCa => None,
    }
}
