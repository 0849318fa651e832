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
    /// A template that cannot be read or that mentions what does not exist.
    #[error("template `{name}`{}: {message}", shown(*.place))]
    Template {
        /// Its path in `templates/`.
        name: String,
        /// Line and column, counted from 1.
        place: Option<(usize, usize)>,
        /// What is wrong with it.
        message: String,
    },
    /// A user's template without a line that programs rely on.
    #[error("template `{name}` leaves out a line of sfgen's own: `{}`", line.trim())]
    LineMissing {
        /// Its path in `templates/`.
        name: String,
        /// The line.
        line: String,
    },
}

fn shown(place: Option<(usize, usize)>) -> String {
    place.map(|(line, _)| format!(", line {line}")).unwrap_or_default()
}
