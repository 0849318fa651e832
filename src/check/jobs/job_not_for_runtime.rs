#![doc = include_str!("job_not_for_runtime.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{JobKind, Runtime},
};

const CODE: Code = Code("SF0904");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("job_not_for_runtime.md"), job_not_for_runtime);

fn job_not_for_runtime(context: Context<'_>, findings: &mut Findings) {
    let runs_python = match context.topology.runtime {
        Runtime::Embedded => false,
        Runtime::Secretflow(_) => true,
        Runtime::Unread => return,
    };
    for job in context.topology.jobs.values() {
        let name = &job.name.value;
        let (span, message, help) = match (&job.kind, runs_python) {
            (JobKind::Script { path, .. }, false) => (
                path.span,
                format!("job `{name}` is a script, and the embedded runtime runs no Python"),
                "use `runtime \"secretflow\"`, or `kind=\"sum\"`",
            ),
            (JobKind::External, false) => (
                job.name.span,
                format!(
                    "job `{name}` is started by another program, which the embedded runtime cannot serve"
                ),
                "use `runtime \"secretflow\"`, or write `kind=\"sum\"` with its inputs",
            ),
            (JobKind::Sum { .. }, true) => (
                job.name.span,
                format!("job `{name}` is a sum, which only the embedded runtime knows"),
                "write it as a script, or use `runtime \"embedded\"`",
            ),
            _ => continue,
        };
        findings.push(Finding::error(CODE, message).label(span, "not for this runtime").help(help));
    }
}
