#![doc = include_str!("input_committed.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Input, JobKind},
};

const CODE: Code = Code("SF0570");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("input_committed.md"), input_committed);

/// So many numbers of a job are shown.
const SHOWN: usize = 10;

fn input_committed(context: Context<'_>, findings: &mut Findings) {
    // On one machine there is nobody to keep a number from.
    if !context.is_production() || context.is_one_machine() {
        return;
    }
    for job in context.topology.jobs.values() {
        let JobKind::Sum { inputs } = &job.kind else { continue };
        let written = inputs.iter().filter(|(_, input)| matches!(input.value, Input::Number(_)));
        let mut labels = written.map(|(party, input)| (input.span, &party.value)).peekable();
        let Some((_, first)) = labels.peek() else { continue };
        let help = format!(
            "keep it in a file on the party's machine: `input \"{first}\" file=\"keys/{first}/number\"`"
        );
        let message = format!(
            "numbers of job `{}` are written in the topology, where every party can read them",
            job.name.value
        );
        let finding = Finding::warning(CODE, message).help(help);
        findings.push(labels.take(SHOWN).fold(finding, |finding, (span, party)| {
            finding.label(span, format!("`{party}`'s number"))
        }));
    }
}
