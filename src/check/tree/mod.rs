//! What is written in a value or name and cannot be carried into the tree: placeholders, texts, names of programs.

mod party_name_taken;
pub(super) mod placeholder_left;
pub(super) mod placeholders;
mod program_name_twice;
mod program_not_startable;
mod text_not_carried;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    placeholder_left::CHECK,
    text_not_carried::CHECK,
    program_not_startable::CHECK,
    program_name_twice::CHECK,
    party_name_taken::CHECK,
];
