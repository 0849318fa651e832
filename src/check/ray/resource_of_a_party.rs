#![doc = include_str!("resource_of_a_party.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0362");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("resource_of_a_party.md"), resource_of_a_party);

fn resource_of_a_party(context: Context<'_>, findings: &mut Findings) {
    // In production a party's tasks ask for no resource of its name.
    if context.is_production() || !context.has_ray() {
        return;
    }
    for (_, host) in context.topology.hosts() {
        for (resource, _) in &host.ray.resources {
            let mut parties = context.topology.parties.values();
            let Some(party) =
                parties.find(|party| party.runtime_name().as_str() == resource.value.as_str())
            else {
                continue;
            };
            let name = &resource.value;
            let message = format!("resource `{name}` is named like a party of the simulation");
            let finding = Finding::error(CODE, message)
                .label(resource.span, "this would count the party's tasks")
                .label(party.alias.as_ref().map_or(party.name.span, |alias| alias.span), "the party")
                .help("give the resource another name; how many tasks of a party run at once is `slots=16` of `ray`");
            findings.push(finding);
        }
    }
}
