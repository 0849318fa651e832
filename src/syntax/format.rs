//! How a KDL file is laid out: what `sfgen fmt` changes, and what it leaves as it is.
//!
//! In goes KDL text, out comes the same text with other blanks between its tokens: four spaces per level, one space
//! round braces, no blanks at the end of a line, at most one empty line between nodes and none at either end of the
//! file. Strings, comments, slashdashes and the order of everything stay byte for byte. The text is never written
//! through the `kdl` crate, whose writer loses some.

use crate::diag::{Code, FileId, Finding, Findings, SourceSpan};

use super::{
    Node,
    kdl::{self, after_comment, after_string, is_break},
    node::all_pairs,
};

/// A new layout that would not mean the same.
const OTHER_MEANING: Code = Code("SF0015");

/// Blanks per level.
const INDENT: usize = 4;

/// The text of a KDL file, laid out; `None` where it cannot be read, or cannot be laid out without a change of its
/// meaning, and that is reported.
#[must_use]
pub fn format(file: FileId, text: &str, findings: &mut Findings) -> Option<String> {
    let before = kdl::parse(file, text, findings)?;
    let made = lay_out(text);
    let after = kdl::parse(file, &made, &mut Findings::default());
    let is_same = after.is_some_and(|after| all_pairs(&before, &after, Node::means));
    if is_same && solid(text) == solid(&made) {
        return Some(made);
    }
    let finding = Finding::error(OTHER_MEANING, "this file cannot be laid out without a change")
        .label(SourceSpan::new(file, 0..0), "in this file")
        .help("lay it out by hand, and send us the file: this is a mistake in sfgen");
    findings.push(finding);
    None
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    /// Spaces and tabs.
    Blank(&'t str),
    /// The end of a line, as it is written.
    Break(&'t str),
    /// `{`.
    Open,
    /// `}`.
    Close,
    /// `\`, which joins the next line to this one.
    Join,
    /// A comment.
    Comment(&'t str),
    /// A string, or a run of other characters.
    Other(&'t str),
}

impl<'t> Token<'t> {
    fn text(self) -> &'t str {
        match self {
            Self::Open => "{",
            Self::Close => "}",
            Self::Join => "\\",
            Self::Blank(text) | Self::Break(text) | Self::Comment(text) | Self::Other(text) => text,
        }
    }
}

fn lay_out(text: &str) -> String {
    let (mark, body) = text.strip_prefix('\u{feff}').map_or(("", text), |body| ("\u{feff}", body));
    let tokens = tokens(body);
    let mut out = String::from(mark);
    let (mut depth, mut is_joined) = (0_usize, false);
    // The breaks since the last line with something on it; they are written once another follows.
    let mut breaks: Vec<&str> = Vec::new();
    let mut has_text = false;
    for line in tokens.split_inclusive(|token| matches!(token, Token::Break(_))) {
        let (content, end) = match line {
            [content @ .., Token::Break(end)] => (trim(content), Some(*end)),
            content => (trim(content), None),
        };
        if let Some(first) = content.first() {
            if has_text {
                out.extend(breaks.iter().take(2).copied());
            }
            breaks.clear();
            let level = depth.saturating_sub(usize::from(*first == Token::Close));
            let level = level + usize::from(is_joined);
            out.extend(std::iter::repeat_n(' ', level * INDENT));
            write_line(content, &mut out);
            for token in content {
                match token {
                    Token::Open => depth += 1,
                    Token::Close => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            let is_silent =
                |token: &&Token<'_>| matches!(token, Token::Blank(_) | Token::Comment(_));
            is_joined = content.iter().rev().find(|token| !is_silent(token)) == Some(&Token::Join);
            has_text = true;
        }
        breaks.extend(end);
    }
    if has_text {
        out.push_str(breaks.first().copied().unwrap_or_else(|| usual_break(&tokens)));
    }
    out
}

/// The break with which the lines of the file end.
fn usual_break<'t>(tokens: &[Token<'t>]) -> &'t str {
    let breaks = tokens.iter().filter(|token| matches!(token, Token::Break(_)));
    breaks.map(|token| token.text()).next().unwrap_or("\n")
}

/// A line without the blanks at its ends.
fn trim<'a, 't>(mut line: &'a [Token<'t>]) -> &'a [Token<'t>] {
    while let [Token::Blank(_), rest @ ..] | [rest @ .., Token::Blank(_)] = line {
        line = rest;
    }
    line
}

/// Writes what stands on a line, with one space round braces and all other blanks as they are.
fn write_line(content: &[Token<'_>], out: &mut String) {
    let mut before: Option<Token<'_>> = None;
    let mut gap = "";
    for token in content {
        if let Token::Blank(text) = token {
            gap = text;
            continue;
        }
        if let Some(before) = before {
            let is_slashdash = before.text().ends_with("/-");
            let is_empty = before == Token::Open && *token == Token::Close && gap.is_empty();
            let at_brace = before == Token::Open || [Token::Open, Token::Close].contains(token);
            out.push_str(if at_brace && !is_slashdash && !is_empty { " " } else { gap });
        }
        out.push_str(token.text());
        (before, gap) = (Some(*token), "");
    }
}

/// The tokens between which blanks and breaks stand.
fn solid(text: &str) -> Vec<Token<'_>> {
    let mut tokens = tokens(text.strip_prefix('\u{feff}').unwrap_or(text));
    tokens.retain(|token| !matches!(token, Token::Blank(_) | Token::Break(_)));
    tokens
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let token = match first {
            ' ' | '\t' => Token::Blank(prefix(rest, |c| c == ' ' || c == '\t')),
            '\r' if rest.starts_with("\r\n") => Token::Break(&rest[..2]),
            c if is_break(c) => Token::Break(&rest[..c.len_utf8()]),
            '{' => Token::Open,
            '}' => Token::Close,
            '\\' => Token::Join,
            '/' if rest.starts_with("//") => Token::Comment(prefix(rest, |c| !is_break(c))),
            '/' if rest.starts_with("/*") => {
                let end = after_comment(text, at).unwrap_or(text.len());
                Token::Comment(&text[at..end])
            }
            '"' | '#' => Token::Other(&text[at..after_string(text, at)]),
            _ => {
                // A slash is looked at again: it may begin a comment.
                let is_other = |c: char| {
                    !matches!(c, ' ' | '\t' | '{' | '}' | '\\' | '/' | '"' | '#') && !is_break(c)
                };
                let slash = usize::from(first == '/');
                Token::Other(&rest[..slash + prefix(&rest[slash..], is_other).len()])
            }
        };
        at += token.text().len();
        tokens.push(token);
    }
    tokens
}

fn prefix(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|c| !belongs(c)).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diag::Sources;

    fn formatted(text: &str) -> Option<String> {
        let file = Sources::default().add("t.kdl", text);
        format(file, text, &mut Findings::default())
    }

    #[test]
    fn blanks_and_empty_lines_are_put_in_order() {
        for (from, to) in [
            ("", ""),
            (" \n\t\n", ""),
            ("a", "a\n"),
            ("\n\n a  1   2 \t\n\n\n\n  b\n\n\n", "a  1   2\n\nb\n"),
            ("a{\nb 1{c;d}\n  }\n", "a {\n    b 1 { c;d }\n}\n"),
            ("a {}\nb   { }\n", "a {}\nb { }\n"),
            ("a \\\n 1 \\ // why\n 2\nb\n", "a \\\n    1 \\ // why\n    2\nb\n"),
            ("\u{feff}a\r\n\r\n\r\nb", "\u{feff}a\r\n\r\nb\r\n"),
            ("\u{feff}\n a", "\u{feff}a\n"),
        ] {
            assert_eq!(formatted(from).as_deref(), Some(to), "{from:?}");
        }
    }

    #[test]
    fn strings_comments_and_slashdashes_stay_byte_for_byte() {
        for kept in [
            "a \"{  x\" // end {  \nb\n",
            "a \"\"\"\n      x  \n    \n   y {\n   \"\"\"\nb\n",
            "a #\"\"\"\n      x\\  \n  }\n  \"\"\"#\n",
            "/- a 1 {\n    b\n}\na /-1 /- b=2 /-{\n    c\n}\n",
            "/* {\n  /* } */ \"\n */\na\n",
            "a #true b=#\"{\"# c=/* } */1\n",
            "// only\n",
            "a #nan #-inf 1e999\n",
        ] {
            assert_eq!(formatted(kept).as_deref(), Some(kept), "{kept:?}");
        }
    }

    #[test]
    fn what_is_no_kdl_is_left_alone() {
        assert_eq!(formatted("a {\n b =1\n"), None);
    }

    fn soup() -> impl Strategy<Value = String> {
        let words = [
            "a",
            "b-1",
            "1",
            "k=2",
            "k=",
            "\"x\"",
            "\"{\"",
            "#\"}\"#",
            "#true",
            "\"\"\"\n  t\n  \"\"\"",
            "{",
            "}",
            "{",
            "}",
            ";",
            " ",
            "  ",
            "\t",
            "\n",
            "\n",
            "\r\n",
            "\\\n",
            "\\",
            "/-",
            "/- ",
            "//c {\n",
            "// c  \n",
            "/* } */",
            "/* \n */",
            "(t)",
            "\u{a0}",
            "\u{2028}",
            "é",
        ];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..24)
            .prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_file_that_is_laid_out_stays_as_it_is(text in soup()) {
            if let Some(once) = formatted(&text) {
                prop_assert_eq!(formatted(&once), Some(once.clone()), "{:?}", once);
                prop_assert_eq!(solid(&text), solid(&once));
            }
        }
    }
}
