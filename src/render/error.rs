//! Why a plan did not become files.

use thiserror::Error;

use crate::types::PartyName;

/// Why a plan did not become files: a template of the user, or a certificate that was not handed over. What the topology
/// says and a format cannot carry is found by a check before.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// A party with an identity whose CA certificate was not handed over.
    #[error("the CA certificate of {party} is missing")]
    MissingCa {
        /// The party.
        party: PartyName,
    },
    /// A user's template that replaces nothing.
    #[error("there is no template `{name}` to replace; templates are {known}")]
    UnknownTemplate {
        /// Its path in the user's `templates/`.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// A template that cannot be read or that mentions what does not exist.
    #[error("template `{name}`{}: {message}", place(*.line))]
    Template {
        /// Its path in `templates/`.
        name: String,
        /// The line, counted from 1.
        line: Option<usize>,
        /// What is wrong with it.
        message: String,
    },
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}
