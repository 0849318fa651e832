//! Commands in texts for people.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::Action;

/// A command line, each word to be quoted by the template.
#[derive(Serialize, JsonSchema)]
pub(super) struct Command {
    /// Its words; `sh` quotes them.
    words: Vec<String>,
}

impl Command {
    /// The command of these words.
    pub(super) fn new(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { words: words.into_iter().map(Into::into).collect() }
    }

    /// What carries out a step.
    pub(super) fn of(action: &Action) -> Self {
        let sudo = action.needs_root().then(|| "sudo".to_owned());
        Self::new(sudo.into_iter().chain(action.command()))
    }
}
