//! Findings as JSON for programs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Edit, Finding, Fix, Label, Severity, SourceSpan, Sources};

/// Beyond this many findings the rest is counted, not shown: nobody reads on, and a broken file can yield thousands.
pub(super) const SHOWN: usize = 200;

/// Findings as `--format json` prints them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The findings in order of place.
    pub findings: Vec<FindingReport>,
    /// How many there are beyond those listed.
    pub omitted: usize,
}

/// One finding.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingReport {
    /// `SF` and four digits; `sfgen explain CODE` tells more.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Where it is written, the main place first.
    pub places: Vec<LabelReport>,
    /// What mends it, one for each choice that there is; empty where a person must decide.
    pub fixes: Vec<FixReport>,
}

/// A place in a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelReport {
    /// The file, as named from the working directory.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1, in characters.
    pub column: usize,
    /// Length in characters.
    pub length: usize,
    /// What stands there, in the light of the finding.
    pub label: String,
}

/// Changes that together mend a finding.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixReport {
    /// What they do, as an instruction.
    pub label: String,
    /// The changes; no two of them meet.
    pub edits: Vec<EditReport>,
}

/// Another text for one place in a file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditReport {
    /// The file, as named from the working directory.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1, in characters.
    pub column: usize,
    /// Length of what is replaced, in characters, line ends included.
    pub length: usize,
    /// What stands there afterwards; nothing, where it is removed.
    pub text: String,
}

impl Report {
    /// The report of `findings`, whose places lie in `sources`.
    #[must_use]
    pub fn new(findings: &[Finding], sources: &Sources) -> Self {
        let shown = findings.iter().take(SHOWN);
        Self {
            findings: shown.map(|finding| FindingReport::new(finding, sources)).collect(),
            omitted: findings.len().saturating_sub(SHOWN),
        }
    }
}

impl FindingReport {
    fn new(finding: &Finding, sources: &Sources) -> Self {
        Self {
            code: finding.code.to_string(),
            severity: finding.severity,
            message: finding.message.clone(),
            help: finding.help.clone(),
            places: finding.labels.iter().map(|label| LabelReport::new(label, sources)).collect(),
            fixes: finding.fixes.iter().map(|fix| FixReport::new(fix, sources)).collect(),
        }
    }
}

impl LabelReport {
    fn new(label: &Label, sources: &Sources) -> Self {
        let (file, line, column, length) = place(label.span, sources);
        Self { file, line, column, length, label: label.text.clone() }
    }
}

impl FixReport {
    fn new(fix: &Fix, sources: &Sources) -> Self {
        let edits = fix.edits.iter().map(|Edit { span, text }| {
            let (file, line, column, length) = place(*span, sources);
            EditReport { file, line, column, length, text: text.clone() }
        });
        Self { label: fix.label.clone(), edits: edits.collect() }
    }
}

/// File, line, column and length of a place.
fn place(span: SourceSpan, sources: &Sources) -> (String, usize, usize, usize) {
    let source = sources.get(span.file);
    let (line, column) = source.line_column(span.start);
    let text = source.text.get(span.start..span.end).unwrap_or_default();
    (source.name.clone(), line, column, text.chars().count())
}
