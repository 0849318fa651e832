#![doc = include_str!("certificate_not_valid_now.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::authorities::renewal;

const CODE: Code = Code("SF0504");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_not_valid_now.md"), certificate_not_valid_now);

fn certificate_not_valid_now(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let files = [("CA", &identity.ca, &read.ca), ("certificate", &identity.cert, &read.leaf)];
        for (what, path, read) in files {
            let Some(certificate) = read.get() else { continue };
            let name = &party.name.value;
            let (message, help) = if certificate.not_after() < context.now {
                let message =
                    format!("the {what} of `{name}` ended on {}", certificate.not_after().date());
                (message, renewal(what == "CA", name))
            } else if certificate.not_before() > context.now {
                let date = certificate.not_before().date();
                let message = format!("the {what} of `{name}` is not valid before {date}");
                (message, "set the clocks by NTP, here and where it was made".to_owned())
            } else {
                continue;
            };
            findings.push(Finding::error(CODE, message).label(path.span, "this file").help(help));
            break; // who makes a new CA makes a new leaf
        }
    }
}
