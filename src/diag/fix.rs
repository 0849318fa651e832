//! Fixes: what mends a finding, as changes of its files.
//!
//! A fix is there only where the remedy is a definite edit. Where a person must decide first, a finding has words only.

use std::collections::BTreeMap;

use super::{FileId, SourceSpan, Sources};

/// Another text for one place of a file. An empty one removes what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub span: SourceSpan,
    /// What stands there afterwards, in the syntax of the file.
    pub text: String,
}

/// Edits that together mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an instruction: "write `python "3.10"`".
    pub label: String,
    /// The changes; no two of them meet.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// Puts `text`, in the syntax of the file, in place of what stands at `span`.
    #[must_use]
    pub fn replace(label: impl Into<String>, span: SourceSpan, text: impl Into<String>) -> Self {
        Self { label: label.into(), edits: vec![Edit { span, text: text.into() }] }
    }

    /// Puts a text in quotes in place of the value at `span`. KDL and TOML read the same quotes and escapes.
    #[must_use]
    pub fn quote(label: impl Into<String>, span: SourceSpan, value: &str) -> Self {
        Self::replace(label, span, serde_json::Value::from(value).to_string())
    }

    /// The files that change, with their new texts.
    #[must_use]
    pub fn apply(&self, sources: &Sources) -> BTreeMap<FileId, String> {
        apply_edits(&self.edits, sources)
    }
}

/// The files in which edits lie, with their new texts. No two edits may meet.
#[must_use]
pub fn apply_edits(edits: &[Edit], sources: &Sources) -> BTreeMap<FileId, String> {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(edit.span.file).or_default().push(edit);
    }
    let changed = by_file.into_iter().map(|(file, mut edits)| {
        edits.sort_by_key(|edit| edit.span);
        let old = &sources.get(file).text;
        let (mut text, mut at) = (String::with_capacity(old.len()), 0);
        for edit in edits {
            text.push_str(&old[at..edit.span.start]);
            text.push_str(&edit.text);
            at = edit.span.end;
        }
        text.push_str(&old[at..]);
        (file, text)
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_in_the_order_of_their_places() {
        let mut sources = Sources::default();
        let file = sources.add("t.kdl", "a \"b\" c");
        let at = |range| SourceSpan::new(file, range);
        let mut fix = Fix::replace("", at(6..7), "d e");
        fix.edits.extend(Fix::quote("", at(2..5), "x\"y").edits);
        assert_eq!(fix.apply(&sources), BTreeMap::from([(file, "a \"x\\\"y\" d e".to_owned())]));
    }
}
