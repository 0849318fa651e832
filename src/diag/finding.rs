//! One finding, and the collection that phases fill.

use std::collections::BTreeSet;

use super::{Code, Severity, SourceSpan};

/// A place with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Where.
    pub span: SourceSpan,
    /// What stands there, in the light of the finding.
    pub text: String,
}

/// One thing that is wrong.
///
/// The message says what is wrong, the labels where, the help what to do next. Messages are lower case, without
/// a full stop, values in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which page explains it.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where; the first is the main place. Empty only for what is no place in a file, such as a busy port.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

impl Finding {
    /// An error without places yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning without places yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place.
    #[must_use]
    pub fn label(mut self, span: SourceSpan, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The findings of a run, in the order of their places when they are taken out.
#[derive(Clone, Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Finding>) {
        self.0.extend(others);
    }

    /// Keeps those of which that is so.
    pub fn retain(&mut self, is_kept: impl FnMut(&Finding) -> bool) {
        self.0.retain(is_kept);
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// The findings in order of place, each once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.0.sort_by(|a, b| {
            let key = |f: &Finding| (f.labels.first().map(|label| label.span), f.code);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let mut seen = BTreeSet::new();
        self.0.retain(|finding| {
            seen.insert((finding.code, finding.labels.first().cloned(), finding.message.clone()))
        });
        self.0
    }

    /// The findings in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }
}
