//! What is wrong with a TOML text, and how much of it cannot be relied on after that.

use std::ops::Range;

use toml::de::Error;

use crate::diag::{Code, FileId, Finding, SourceSpan};

/// The text is not TOML.
const NOT_TOML: Code = Code("SF0001");
/// A key that stands twice.
const TWICE: Code = Code("SF0004");

/// The finding for a text that is not TOML.
pub(super) fn mistake(file: FileId, text: &str, error: &Error) -> Finding {
    let range = error.span().unwrap_or(0..0);
    let start = range.start.min(text.len());
    let mut end = range.end.clamp(start, text.len());
    // A mistake at a point is shown at the character there.
    if start == end {
        end = text[start..].chars().next().map_or(end, |c| start + c.len_utf8());
    }
    let span = SourceSpan::new(file, start..end);
    if error.message() == "duplicate key" {
        let key = text[start..end].trim();
        return Finding::error(TWICE, format!("the key `{key}` is given twice"))
            .label(span, "again here")
            .help("keep one of them, or make what both hold one table");
    }
    let first = error.message().lines().next().unwrap_or_default();
    Finding::error(NOT_TOML, format!("this is not TOML: {first}"))
        .label(span, "here")
        .help("strings are quoted, tables begin with `[...]`, and the rest is `key = value`")
}

/// Where nothing is read, in the order of the text: from the line of each mistake to the next header.
pub(super) fn left_out(text: &str, errors: &[Error]) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = errors
        .iter()
        .map(|error| {
            let at = text.floor_char_boundary(error.span().map_or(0, |range| range.start));
            text[..at].rfind('\n').map_or(0, |line| line + 1)
        })
        .collect();
    starts.sort_unstable();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for start in starts {
        if ranges.last().is_none_or(|last| last.end <= start) {
            let end = text[start..].find("\n[").map_or(text.len(), |at| start + at + 1);
            ranges.push(start..end);
        }
    }
    ranges
}
