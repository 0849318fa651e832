#![doc = include_str!("lonely_job.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0105");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("lonely_job.md"), lonely_job);

fn lonely_job(context: Context<'_>, findings: &mut Findings) {
    if !context.is_production() {
        return;
    }
    let jobs = context.topology.jobs.values().filter(|job| job.parties.is_whole());
    for job in jobs.filter(|job| job.parties.len() < 2) {
        let message = format!("job `{}` has fewer than two parties", job.name.value);
        let place = job.parties.first().map_or(job.name.span, |party| party.span);
        let finding = Finding::error(CODE, message)
            .label(place, "nobody to compute with")
            .help("name at least two parties, or try the job alone with `mode=\"simulation\"`");
        findings.push(finding);
    }
}
