#![doc = include_str!("worker_range_narrow.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::PortRange,
};

use super::claims::claims;

const CODE: Code = Code("SF0301");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("worker_range_narrow.md"), worker_range_narrow);

fn worker_range_narrow(context: Context<'_>, findings: &mut Findings) {
    let workers =
        claims(context.topology).into_values().flatten().filter(super::claims::Claim::is_workers);
    for claim in workers {
        let (range, demand) = (claim.range.value, &claim.demand);
        if range.count() >= u32::from(demand.count) {
            continue;
        }
        let message = format!(
            "the Ray workers on `{}` may need {} ports, and {} are pinned",
            demand.host,
            demand.count,
            range.count()
        );
        let first = range.first();
        let wide = PortRange::of_len(first, demand.count);
        let write =
            |wide: PortRange| format!("write `pin \"ray.workers\" {first} {}`", wide.last());
        let fix = wide.and_then(|wide| context.write_range(write(wide), &claim.range, wide));
        let help = match wide {
            Some(wide) => format!("{} or more", write(wide)),
            None => format!("pin {} numbers or more, from a lower one on", demand.count),
        };
        let finding = Finding::error(CODE, message)
            .label(claim.range.span, "a worker without a port hangs")
            .label(demand.span, "two ports per CPU, eight per slot and eight to spare")
            .fixes(fix)
            .help(format!(
                "{help}, or give Ray fewer CPUs (`ray cpus=...`) or the jobs fewer slots"
            ));
        findings.push(finding);
    }
}
