#![doc = include_str!("program_not_startable.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    types::Piece,
};

const CODE: Code = Code("SF0018");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("program_not_startable.md"), program_not_startable);

fn program_not_startable(context: Context<'_>, findings: &mut Findings) {
    for party in context.topology.parties.values() {
        let by_unit = party.deploy.target().keeper.starts_by_env();
        for service in &party.services {
            let Some(program) = service.command.first() else { continue };
            let pieces = &program.value.0;
            let first = match pieces.first() {
                None => None,
                Some(Piece::Variable(_)) => Some('{'),
                Some(Piece::Literal(text)) => text.chars().next(),
            };
            let has_sign = pieces
                .iter()
                .any(|piece| matches!(piece, Piece::Literal(text) if text.contains('=')));
            let message = match first {
                None => "a program cannot be an empty text",
                Some('-') if by_unit => "a unit cannot start a program whose name begins with `-`",
                _ if by_unit && has_sign => "a unit cannot start a program with `=` in its name",
                _ => continue,
            };
            let finding = Finding::error(CODE, message).label(program.span, "the program").help(
                "name the program first, its arguments after it; a variable is set with `env`",
            );
            findings.push(finding);
        }
    }
}
