//! One finding, and the collection that phases fill.

use std::collections::BTreeSet;

use super::{Code, Fix, Severity, SourceSpan};

/// A place with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Where.
    pub span: SourceSpan,
    /// What stands there, in the light of the finding.
    pub text: String,
    /// Whether what stands there is a secret, which is shown nowhere: findings end up in logs.
    pub is_secret: bool,
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
    /// What to do, in words.
    pub help: Option<String>,
    /// What mends it, as changes of the files, one for each choice that there is.
    pub fixes: Vec<Fix>,
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
            fixes: Vec::new(),
        }
    }

    /// A warning without places yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a place.
    #[must_use]
    pub fn label(mut self, span: SourceSpan, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), is_secret: false });
        self
    }

    /// Adds a place at which a secret stands.
    #[must_use]
    pub fn secret_label(mut self, span: SourceSpan, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into(), is_secret: true });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds changes of which each alone mends it.
    #[must_use]
    pub fn fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        self.fixes.extend(fixes);
        self
    }

    /// Adds one of the things that can be done: in words to the help, and as changes where it is an edit.
    #[must_use]
    pub fn remedy(mut self, words: &str, fix: Option<Fix>) -> Self {
        self.help = Some(match self.help.take() {
            Some(help) => format!("{help}, or {words}"),
            None => words.to_owned(),
        });
        self.fixes(fix)
    }
}

/// How many errors and how many warnings are kept. Nobody reads so many, and a file of 8 MiB can yield millions.
const KEPT: usize = 10_000;

/// The findings of a run, in the order of their places when they are taken out.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    errors: usize,
}

impl Findings {
    /// Adds a finding, unless the limit of findings of its severity is reached.
    pub fn push(&mut self, finding: Finding) {
        let is_error = finding.severity == Severity::Error;
        let alike = if is_error { self.errors } else { self.kept.len() - self.errors };
        if alike < KEPT {
            self.errors += usize::from(is_error);
            self.kept.push(finding);
        }
    }

    /// Whether further errors are not kept, so that there is no use in looking for them.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.errors >= KEPT
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Finding>) {
        others.into_iter().for_each(|finding| self.push(finding));
    }

    /// Keeps the findings for which `is_kept` is true.
    pub fn retain(&mut self, is_kept: impl FnMut(&Finding) -> bool) {
        self.kept.retain(is_kept);
        let errors = self.kept.iter().filter(|finding| finding.severity == Severity::Error);
        self.errors = errors.count();
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The findings in order of place, each once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.kept.sort_by(|a, b| {
            let key = |f: &Finding| (f.labels.first().map(|label| label.span), f.code);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        let mut seen = BTreeSet::new();
        self.kept.retain(|finding| {
            seen.insert((finding.code, finding.labels.first().cloned(), finding.message.clone()))
        });
        self.kept
    }

    /// The findings in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_errors_nor_warnings_crowd_out_the_others() {
        let mut findings = Findings::default();
        let code = Code("SF0001");
        findings.extend((0..2 * KEPT).map(|n| Finding::warning(code, n.to_string())));
        assert!(!findings.has_errors() && !findings.is_full());
        findings.extend((0..2 * KEPT).map(|n| Finding::error(code, n.to_string())));
        assert!(findings.has_errors() && findings.is_full());
        assert_eq!(findings.iter().count(), 2 * KEPT);
        findings.retain(|finding| finding.severity == Severity::Warning);
        assert!(!findings.has_errors() && !findings.is_full());
    }
}
