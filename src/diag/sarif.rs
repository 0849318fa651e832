//! Findings as SARIF 2.1.0, which code hosts show beside the lines of a change.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Code, Edit, FileId, Finding, Fix, Label, Page, Severity, SourceSpan, Sources};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The folder to which places are relative: the working directory, for a code host the root of the repository.
const ROOT: &str = "%SRCROOT%";

/// A log with one run.
#[derive(Debug, Serialize)]
pub struct SarifLog {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    help: Help,
}

#[derive(Debug, Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Debug, Serialize)]
struct Text {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    message: Text,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

impl SarifLog {
    /// The log of `findings`, whose places lie in `sources`, with the pages of those codes that occur as rules.
    #[must_use]
    pub fn new<'a>(
        findings: &[Finding],
        sources: &Sources,
        pages: impl IntoIterator<Item = &'a Page>,
    ) -> Self {
        let pages: BTreeMap<Code, &Page> =
            pages.into_iter().map(|page| (page.code, page)).collect();
        let occurring = pages.values().filter(|page| findings.iter().any(|f| f.code == page.code));
        let rules: Vec<Rule> = occurring.map(|page| Rule::new(page)).collect();
        let results = findings.iter().map(|finding| {
            let mut locations: Vec<_> =
                finding.labels.iter().map(|label| Location::new(label, sources)).collect();
            let related_locations = locations.split_off(locations.len().min(1));
            let help = finding.help.iter().map(|help| format!("; {help}"));
            SarifResult {
                rule_id: finding.code.0,
                rule_index: rules.iter().position(|rule| rule.id == finding.code.0),
                level: match finding.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                message: Text { text: finding.message.clone() + &help.collect::<String>() },
                locations,
                related_locations,
                fixes: finding.fixes.iter().map(|fix| SarifFix::new(fix, sources)).collect(),
            }
        });
        let results = results.collect();
        let driver = Driver { name: "sfgen", semantic_version: env!("CARGO_PKG_VERSION"), rules };
        let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
        Self { schema: SCHEMA, version: "2.1.0", runs: [run] }
    }
}

impl Rule {
    fn new(page: &Page) -> Self {
        let text = page.text.trim_end().to_owned();
        let first = page.text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        Self {
            id: page.code.0,
            short_description: Text { text: first },
            help: Help { markdown: text.clone(), text },
        }
    }
}

impl SarifFix {
    fn new(fix: &Fix, sources: &Sources) -> Self {
        let mut by_file: BTreeMap<FileId, Vec<Replacement>> = BTreeMap::new();
        for Edit { span, text } in &fix.edits {
            by_file.entry(span.file).or_default().push(Replacement {
                deleted_region: Region::new(*span, sources),
                inserted_content: Text { text: text.clone() },
            });
        }
        let changes = by_file.into_iter().map(|(file, replacements)| ArtifactChange {
            artifact_location: ArtifactLocation::new(file, sources),
            replacements,
        });
        Self { description: Text { text: fix.label.clone() }, artifact_changes: changes.collect() }
    }
}

impl Location {
    fn new(label: &Label, sources: &Sources) -> Self {
        let artifact_location = ArtifactLocation::new(label.span.file, sources);
        let region = Region::new(label.span, sources);
        Self {
            physical_location: PhysicalLocation { artifact_location, region },
            message: Text { text: label.text.clone() },
        }
    }
}

impl ArtifactLocation {
    fn new(file: FileId, sources: &Sources) -> Self {
        let name = sources.get(file).name.as_str();
        let is_absolute = name.starts_with('/');
        Self {
            uri: format!("{}{}", if is_absolute { "file://" } else { "" }, percent_encoded(name)),
            uri_base_id: (!is_absolute).then_some(ROOT),
        }
    }
}

impl Region {
    fn new(span: SourceSpan, sources: &Sources) -> Self {
        let source = sources.get(span.file);
        let (start_line, start_column) = source.line_column(span.start);
        let (end_line, end_column) = source.line_column(span.end);
        Self { start_line, start_column, end_line, end_column }
    }
}

/// A path as part of a URI. A colon is encoded too: in the first part of a relative reference it would end a scheme.
fn percent_encoded(path: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    path.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_leads_to_it() {
        assert_eq!(percent_encoded("a b/ü:1.kdl"), "a%20b/%C3%BC%3A1.kdl");
    }
}
