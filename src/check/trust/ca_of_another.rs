#![doc = include_str!("ca_of_another.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::Identity,
    types::PartyName,
};

use super::authorities::owners;

const CODE: Code = Code("SF0558");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("ca_of_another.md"), ca_of_another);

fn ca_of_another(context: Context<'_>, findings: &mut Findings) {
    let owners = owners(context);
    for (party, identity, read) in context.identities() {
        let (Some(ca), Some(false)) = (read.ca.get(), read.is_signed()) else { continue };
        let Some((other, place)) = owners.get(ca.public_key()) else { continue };
        let name = &party.name.value;
        let message = format!("`{name}` names the CA of `{other}` as its own");
        let finding = Finding::error(CODE, message)
            .label(identity.ca.span, format!("this file is the CA of `{other}`"))
            .label(*place, format!("as `{other}` names it"))
            .help(remedy(name, identity));
        findings.push(finding);
    }
}

fn remedy(party: &PartyName, identity: &Identity) -> String {
    let Identity { ca, cert, .. } = identity;
    let usual = format!("pki/{party}/ca.pem");
    if ca.value == usual {
        return format!(
            "the file was overwritten: put back the CA that signed `{}`, such as by `git restore {usual}`",
            cert.value
        );
    }
    format!(
        "name the CA that signed `{}`, such as `ca=\"{usual}\"`: each party's own is what its peers are to trust",
        cert.value
    )
}
