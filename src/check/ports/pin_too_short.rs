#![doc = include_str!("pin_too_short.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::{PartyName, PortRange},
};

use super::claims::claims;

const CODE: Code = Code("SF0211");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("pin_too_short.md"), pin_too_short);

fn pin_too_short(context: Context<'_>, findings: &mut Findings) {
    // Too few ports for Ray's workers make jobs hang instead of failing; another check reports them.
    let others =
        claims(context.topology).into_values().flatten().filter(|claim| !claim.is_workers());
    for claim in others {
        let (range, demand) = (claim.range.value, &claim.demand);
        if range.count() >= u32::from(demand.count) {
            continue;
        }
        let message = format!(
            "`{}` of `{}` needs {} ports, and {} are pinned",
            demand.role,
            demand.party,
            demand.count,
            range.count()
        );
        let last = u32::from(range.first().get()) + u32::from(demand.count) - 1;
        let finding = Finding::error(CODE, message).label(claim.range.span, "too short");
        let write = format!("write `pin \"{}\" {} {last}`", demand.role, range.first());
        let help = format!("{write} or more, or give the party's jobs fewer slots");
        let wide = PortRange::of_len(range.first(), demand.count);
        let fix = wide.and_then(|wide| context.write_range(write, &claim.range, wide));
        findings.push(label_slots(context, demand.party, finding).help(help).fixes(fix));
    }
}

/// Adds the reason for the count: the jobs of the party, of which each slot has numbers of its own.
fn label_slots(context: Context<'_>, party: &PartyName, finding: Finding) -> Finding {
    let jobs = context.topology.jobs.values();
    let jobs = jobs.filter(|job| job.parties.iter().any(|member| member.value == *party));
    jobs.fold(finding, |finding, job| {
        let slots = job.slots.value;
        let runs = if slots == 1 { "one run".to_owned() } else { format!("{slots} runs at once") };
        finding.label(job.slots.span, format!("{runs} of `{}`", job.name.value))
    })
}
