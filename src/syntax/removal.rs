//! What has to go with a node, a property or an argument that is taken out of a file.
//!
//! Only of KDL files: in TOML a node can be written in several pieces.

use crate::diag::{Edit, SourceSpan, Sources};

use super::toml::is_toml;

/// Takes out a node: with its line, where it stands alone on it, else with its `;` and the blanks that follow.
///
/// `None` in a TOML file.
#[must_use]
pub fn node_removal(sources: &Sources, span: SourceSpan) -> Option<Edit> {
    let (before, after) = around(sources, span)?;
    let end = span.end + after.len();
    let terminated = after.trim_start_matches(is_blank).strip_prefix(';');
    let rest = terminated.unwrap_or(after).trim_start_matches(is_blank);
    let indented = before.trim_end_matches(is_blank);
    let is_first = indented.is_empty() || indented.ends_with('\n');
    let line_end = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
    let (before, after) = match line_end {
        Some(rest) if is_first => (indented, rest),
        None if terminated.is_some() => (before, rest),
        _ => (indented, terminated.unwrap_or(after)),
    };
    let span = SourceSpan { start: before.len(), end: end - after.len(), ..span };
    Some(Edit { span, text: String::new() })
}

/// Takes out a property or an argument with the blanks before it.
///
/// `None` in a TOML file.
#[must_use]
pub fn entry_removal(sources: &Sources, span: SourceSpan) -> Option<Edit> {
    let (before, _) = around(sources, span)?;
    let span = SourceSpan { start: before.trim_end_matches(is_blank).len(), ..span };
    Some(Edit { span, text: String::new() })
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// The text of a KDL file before a place and after it.
fn around(sources: &Sources, span: SourceSpan) -> Option<(&str, &str)> {
    let source = sources.get(span.file);
    let parts = (&source.text[..span.start], &source.text[span.end..]);
    (!is_toml(&source.name)).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::apply_edits;

    #[track_caller]
    fn assert_left(
        remove: fn(&Sources, SourceSpan) -> Option<Edit>,
        text: &str,
        taken: &str,
        left: &str,
    ) {
        let mut sources = Sources::default();
        let file = sources.add("t.kdl", text);
        let start = text.find(taken).unwrap();
        let edit = remove(&sources, SourceSpan::new(file, start..start + taken.len())).unwrap();
        assert_eq!(apply_edits(&[edit], &sources)[&file], left);
    }

    #[test]
    fn a_node_goes_with_its_line_or_its_terminator() {
        assert_left(node_removal, "a {\n    b 1\n    c\n}\n", "b 1", "a {\n    c\n}\n");
        assert_left(node_removal, "a { b 1; c; }\n", "b 1", "a { c; }\n");
        assert_left(node_removal, "a { b 1; }\n", "b 1", "a { }\n");
        assert_left(node_removal, "a { c; b 1 }\n", "b 1", "a { c; }\n");
        assert_left(node_removal, "a\nb; // why\n", "b", "a\n// why\n");
    }

    #[test]
    fn a_property_goes_with_the_blanks_before_it() {
        assert_left(entry_removal, "a x=1 y=2\n", "x=1", "a y=2\n");
        assert_left(entry_removal, "a x=1 y=2; b\n", "y=2", "a x=1; b\n");
        assert_left(entry_removal, "a x=1 { b; }\n", "x=1", "a { b; }\n");
    }

    #[test]
    fn nothing_is_taken_out_of_toml() {
        let mut sources = Sources::default();
        let file = sources.add("t.toml", "a = 1\n");
        assert_eq!(node_removal(&sources, SourceSpan::new(file, 0..5)), None);
    }
}
