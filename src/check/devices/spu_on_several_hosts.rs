#![doc = include_str!("spu_on_several_hosts.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0305");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("spu_on_several_hosts.md"), spu_on_several_hosts);

fn spu_on_several_hosts(context: Context<'_>, findings: &mut Findings) {
    if !context.is_production() || !context.has_ray() {
        return;
    }
    for spu in context.topology.spus.values() {
        for member in &spu.parties {
            let Some(party) = context.topology.parties.get(&member.value) else { continue };
            let [main, second, ..] = party.hosts.as_slice() else { continue };
            let message = format!(
                "`{}` has {} Ray nodes, but the address of its part of SPU `{}` is on only one of them",
                member.value,
                party.hosts.len(),
                spu.name.value
            );
            let dialled = if main.has_address {
                main.address.value.to_string()
            } else {
                main.name.value.to_string()
            };
            let finding = Finding::error(CODE, message)
                .label(member.span, format!("its peers dial {dialled}"))
                .label(second.name.span, "Ray may place the SPU here")
                .help(
                    "give the party one host, leave it out of the SPU, or use `engine=\"threads\"`",
                );
            findings.push(finding);
        }
    }
}
