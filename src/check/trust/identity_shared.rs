#![doc = include_str!("identity_shared.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    pki::Certificate,
    types::PartyName,
};

const CODE: Code = Code("SF0508");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("identity_shared.md"), identity_shared);

/// What two parties must not share, as far as it can be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Own<'a> {
    Ca(&'a [u8]),
    Key(&'a [u8]),
    KeyFile { machine: crate::model::Machine<'a>, path: &'a camino::Utf8Path },
}

fn identity_shared(context: Context<'_>, findings: &mut Findings) {
    let mut owners: BTreeMap<Own<'_>, (&PartyName, SourceSpan)> = BTreeMap::new();
    for (party, identity, read) in context.identities() {
        let name = &party.name.value;
        // A CA that did not sign the party's own certificate is told as that, by another check.
        let is_own = read.is_signed() != Some(false);
        let ca = read.ca.get().filter(|_| is_own).map(Certificate::public_key);
        let leaf = read.leaf.get().map(Certificate::public_key);
        // The same path on two machines is two files.
        let file = party
            .main_host()
            .map(|host| Own::KeyFile { machine: host.machine(), path: &identity.key.value });
        let owned = [
            (ca.map(Own::Ca), identity.ca.span),
            (leaf.map(Own::Key), identity.cert.span),
            (file, identity.key.span),
        ];
        let mut reported = false;
        for (own, span) in owned {
            let Some(own) = own else { continue };
            let Some((other, first)) = owners.get(&own) else {
                owners.insert(own, (name, span));
                continue;
            };
            if !std::mem::replace(&mut reported, true) {
                findings.push(finding(own, (name, span), (other, *first)));
            }
        }
    }
}

fn finding(
    own: Own<'_>,
    later: (&PartyName, SourceSpan),
    first: (&PartyName, SourceSpan),
) -> Finding {
    let (what, so) = match own {
        Own::Ca(_) => ("one CA", "so each can be the other"),
        Own::Key(_) => ("one key", "so each can be the other"),
        Own::KeyFile { .. } => ("one file of a key", "so one of them has no key of its own"),
    };
    Finding::error(CODE, format!("`{}` and `{}` share {what}, {so}", first.0, later.0))
        .label(later.1, format!("of `{}`", later.0))
        .label(first.1, format!("and of `{}`", first.0))
        .help(format!(
            "each party makes its own, on its own machine: `sfgen keys new --party {}`",
            later.0
        ))
}
