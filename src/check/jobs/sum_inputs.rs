#![doc = include_str!("sum_inputs.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::JobKind,
};

const CODE: Code = Code("SF0905");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("sum_inputs.md"), sum_inputs);

fn sum_inputs(context: Context<'_>, findings: &mut Findings) {
    if !context.is_embedded() {
        return;
    }
    let topology = context.topology;
    for job in topology.jobs.values().filter(|job| job.parties.is_whole()) {
        let JobKind::Sum { inputs } = &job.kind else { continue };
        if !inputs.is_whole() {
            continue;
        }
        let name = &job.name.value;
        // Parties that are not declared at all have been reported by name.
        let declared = |party: &&crate::diag::Spanned<crate::types::PartyName>| {
            topology.parties.contains_key(&party.value)
        };
        for party in job.parties.iter().filter(declared) {
            if inputs.iter().all(|(own, _)| own.value != party.value) {
                let message = format!("job `{name}` has no input of `{}`", party.value);
                let finding = Finding::error(CODE, message)
                    .label(party.span, "its number is missing")
                    .help(format!("add `input \"{}\" 0` with its number", party.value));
                findings.push(finding);
            }
        }
        for party in inputs.iter().map(|(party, _)| party).filter(declared) {
            if job.parties.iter().all(|own| own.value != party.value) {
                let message = format!(
                    "job `{name}` has an input of `{}`, which does not take part",
                    party.value
                );
                let finding = Finding::error(CODE, message)
                    .label(party.span, "not one of the job's parties")
                    .help("drop the input, or name the party in `parties`")
                    .fixes(context.drop_node("drop the input", "input", party.span));
                findings.push(finding);
            }
        }
    }
}
