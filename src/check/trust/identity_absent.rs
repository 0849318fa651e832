#![doc = include_str!("identity_absent.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0501");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("identity_absent.md"), identity_absent);

fn identity_absent(context: Context<'_>, findings: &mut Findings) {
    if !context.is_production() {
        return;
    }
    let parties = context.topology.parties.values();
    for party in parties.filter(|party| party.identity.is_none() && party.identity.is_whole()) {
        let name = &party.name;
        let message = format!("`{}` has no identity, so its peers cannot know it", name.value);
        let finding = Finding::error(CODE, message).label(name.span, "needs certificates").help(format!(
            "add `identity ca=\"pki/{0}/ca.pem\" cert=\"pki/{0}/node.pem\" key=\"keys/{0}/node.key\"`, then `sfgen keys new --party {0}`",
            name.value
        ));
        findings.push(finding);
    }
}
