//! Why a plan did not become files.

use thiserror::Error;

use crate::types::{HostName, PartyName};

/// Why a plan did not become files. Each is a mistake of the user, so that it can become a finding.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// A value that its artifact cannot carry.
    #[error(transparent)]
    Value(#[from] Box<ValueError>),
    /// A service without an image, where nothing says what to build one from.
    #[error(
        "{party}, host {host}: service {service} has no image, and this runtime has none to offer"
    )]
    NoImage {
        /// Whose service.
        party: PartyName,
        /// On which host.
        host: HostName,
        /// The service.
        service: String,
    },
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

/// A value that its artifact cannot carry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{party}, host {host}: {what} cannot be {value:?} in {artifact}: {rule}")]
pub struct ValueError {
    /// Whose artifact.
    pub party: PartyName,
    /// On which host.
    pub host: HostName,
    /// The kind of file.
    pub artifact: &'static str,
    /// What has the value: a variable, an argument, a folder.
    pub what: String,
    /// The value.
    pub value: String,
    /// Which values are possible.
    pub rule: &'static str,
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}
