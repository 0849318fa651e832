#![doc = include_str!("keeper_evaluates.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0406");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("keeper_evaluates.md"), keeper_evaluates);

fn keeper_evaluates(context: Context<'_>, findings: &mut Findings) {
    for heu in context.topology.heus.values() {
        let Some(keeper) = &heu.sk_keeper else { continue };
        let Some(evaluator) = heu.evaluators.iter().find(|party| party.value == keeper.value)
        else {
            continue;
        };
        let message = format!(
            "`{}` holds the secret key of HEU `{}` and evaluates too",
            keeper.value, heu.name.value
        );
        // The only evaluator cannot be taken out.
        let fix = (heu.evaluators.len() > 1)
            .then(|| context.drop_argument("take it out of `evaluators`", evaluator.span))
            .flatten();
        let finding = Finding::error(CODE, message)
            .label(evaluator.span, "evaluates what it could read")
            .label(keeper.span, "holds the key")
            .help(
                "take it out of `evaluators`; where each encrypts for the other, declare two HEUs",
            )
            .fixes(fix);
        findings.push(finding);
    }
}
