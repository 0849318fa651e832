#![doc = include_str!("text_not_carried.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::{JobKind, Text},
    types::{Piece, check_text},
};

const CODE: Code = Code("SF0017");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("text_not_carried.md"), text_not_carried);

/// What one program can be given: Linux takes 128 KiB for one text (`MAX_ARG_STRLEN`), systemd a MiB for one setting,
/// in which an escape may be four times as long as its character. One limit for the whole holds for both.
const LIMIT: usize = 128 << 10;

fn text_not_carried(context: Context<'_>, findings: &mut Findings) {
    let topology = context.topology;
    for service in topology.parties.values().flat_map(|party| &party.services) {
        let variables = service.env.iter().map(|(name, text)| (name.len() + 1, text));
        let command = service.command.iter().map(|text| (0, text));
        judge("the service", command.chain(variables).collect(), findings);
    }
    for job in topology.jobs.values() {
        let JobKind::Script { args, .. } = &job.kind else { continue };
        judge("the job", args.iter().map(|text| (0, text)).collect(), findings);
    }
}

/// Judges all texts of one program, each with what else its place takes.
fn judge(who: &str, texts: Vec<(usize, &Spanned<Text>)>, findings: &mut Findings) {
    let lengths = texts.into_iter().map(|(more, text)| (more + length(&text.value) + 1, text));
    let lengths: Vec<(usize, &Spanned<Text>)> = lengths.collect();
    for (_, text) in &lengths {
        let literals = text.value.0.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => check_text(literal).err(),
            Piece::Variable(_) => None,
        });
        findings.extend(literals.take(1).map(|why| {
            Finding::error(CODE, why.to_string())
                .label(text.span, "in this text")
                .help("drop the character, or encode the text, such as in base64, and let the program decode it")
        }));
    }
    let sum: usize = lengths.iter().map(|(length, _)| length).sum();
    let longest = lengths.iter().max_by_key(|(length, _)| length);
    if let Some((_, text)) = longest.filter(|_| sum > LIMIT) {
        let message = format!(
            "{who} is given {sum} bytes of arguments and variables, and can be given {LIMIT}"
        );
        let finding = Finding::error(CODE, message)
            .label(text.span, "the longest of them")
            .help("put it into a file beside the topology, and give the program its path");
        findings.push(finding);
    }
}

fn length(text: &Text) -> usize {
    let pieces = text.0.iter().map(|piece| match piece {
        Piece::Literal(literal) => literal.len(),
        Piece::Variable(variable) => variable.to_string().len() + "{}".len(),
    });
    pieces.sum()
}
