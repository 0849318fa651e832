#![doc = include_str!("certificate_ends_soon.md")]

use time::Duration;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::authorities::renewal;

const CODE: Code = Code("SF0505");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_ends_soon.md"), certificate_ends_soon);

/// Enough for a company's CA and a review at every party.
const NOTICE: Duration = Duration::days(30);

fn certificate_ends_soon(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let files = [("CA", &identity.ca, &read.ca), ("certificate", &identity.cert, &read.leaf)];
        for (what, path, read) in files {
            let Some(end) = read.get().map(crate::pki::Certificate::not_after) else { continue };
            if end < context.now || end - context.now >= NOTICE {
                continue;
            }
            let name = &party.name.value;
            let days = (end - context.now).whole_days();
            let message = format!("the {what} of `{name}` ends on {}, in {days} days", end.date());
            let finding = Finding::warning(CODE, message)
                .label(path.span, "this file")
                .help(renewal(what == "CA", name));
            findings.push(finding);
            break; // who makes a new CA makes a new leaf
        }
    }
}
