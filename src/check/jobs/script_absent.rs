#![doc = include_str!("script_absent.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::JobKind,
};

const CODE: Code = Code("SF0104");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("script_absent.md"), script_absent);

fn script_absent(context: Context<'_>, findings: &mut Findings) {
    for (name, why) in context.unusable_scripts {
        let Some(JobKind::Script { path, .. }) =
            context.topology.jobs.get(name).map(|job| &job.kind)
        else {
            continue;
        };
        let message = format!("job `{name}` cannot run `{}`: {why}", path.value);
        let finding = Finding::error(CODE, message).label(path.span, "this script").help(
            "put the script beside the topology and commit it, or correct the path, which starts at the folder of the root file",
        );
        findings.push(finding);
    }
}
