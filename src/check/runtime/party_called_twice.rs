#![doc = include_str!("party_called_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0160");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("party_called_twice.md"), party_called_twice);

fn party_called_twice(context: Context<'_>, findings: &mut Findings) {
    let mut first = BTreeMap::new();
    for party in context.topology.declared() {
        let name = party.runtime_name();
        let span = party.alias.as_ref().map_or(party.name.span, |alias| alias.span);
        let Some(earlier) = first.get(&name) else {
            first.insert(name, span);
            continue;
        };
        let finding =
            Finding::error(CODE, format!("two parties are called `{name}` for SecretFlow"))
                .label(span, "again here")
                .label(*earlier, "first here")
                .help("give one of them another `as`, or none where its own name will do");
        findings.push(finding);
    }
}
