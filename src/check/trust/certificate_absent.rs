#![doc = include_str!("certificate_absent.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::certificates::ReadCertificate;

const CODE: Code = Code("SF0502");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("certificate_absent.md"), certificate_absent);

fn certificate_absent(context: Context<'_>, findings: &mut Findings) {
    for (party, identity, read) in context.identities() {
        let files = [(&identity.ca, &read.ca), (&identity.cert, &read.leaf)];
        let absent: Vec<_> =
            files.into_iter().filter(|(_, read)| matches!(read, ReadCertificate::Absent)).collect();
        if absent.is_empty() {
            continue;
        }
        let name = &party.name.value;
        let list: Vec<String> =
            absent.iter().map(|(path, _)| format!("`{}`", path.value)).collect();
        let verb = if absent.len() == 1 { "is" } else { "are" };
        let mut finding =
            Finding::error(CODE, format!("{} of `{name}` {verb} not there", list.join(" and ")));
        for (path, _) in absent {
            finding = finding.label(path.span, "no such file");
        }
        let is_absent = |read| matches!(read, &ReadCertificate::Absent);
        findings.push(finding.help(match (is_absent(&read.ca), is_absent(&read.leaf)) {
            (true, true) => format!(
                "on the machine of `{name}`, run `sfgen keys new --party {name}` and commit the public files"
            ),
            // The CA is there, and can sign another one.
            (false, _) => format!(
                "commit it, or, if it is lost, run `sfgen keys renew --party {name}` on the machine of `{name}`, which signs a new one with the CA that is there"
            ),
            (true, false) => format!(
                "commit it, or, if it is lost, run `sfgen keys new --party {name} --replace` on the machine of `{name}`, which makes all its keys anew"
            ),
        }));
    }
}
