#![doc = include_str!("outside_too_short.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::demands,
    types::PortRange,
};

const CODE: Code = Code("SF0259");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("outside_too_short.md"), outside_too_short);

fn outside_too_short(context: Context<'_>, findings: &mut Findings) {
    if context.topology.hosts().all(|(_, host)| host.outside.is_empty()) {
        return;
    }
    for demand in demands(context.topology) {
        let Some(host) = context.topology.host(demand.party, demand.host) else { continue };
        let Some(outside) = host.outside_of(&demand.role) else { continue };
        let (range, count) = (outside.range.value, demand.count);
        if range.count() >= u32::from(count) {
            continue;
        }
        let message = format!(
            "peers dial {count} ports of `{}` at `{}`, and {} lead there",
            demand.role,
            demand.host,
            range.count()
        );
        let last = u32::from(range.first().get()) + u32::from(count) - 1;
        let write = format!("write `outside \"{}\" {} {last}`", demand.role, range.first());
        let wide = PortRange::of_len(range.first(), count);
        let fix = wide.and_then(|wide| context.write_range(&write, &outside.range, wide));
        let finding = Finding::error(CODE, message)
            .label(outside.range.span, "too short")
            .label(host.name.span, "each run at once has a port of its own")
            .help(write)
            .fixes(fix);
        findings.push(finding);
    }
}
