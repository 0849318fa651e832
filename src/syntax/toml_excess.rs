//! Measures a TOML text before it is read, without recursion and in no memory that grows with it.
//!
//! The `toml` crate limits brackets itself, but a dotted key of 100,000 parts becomes as many tables in each other,
//! and each table with a key in it takes a kilobyte.

use std::fmt;

use toml_parser::{Source, lexer::TokenKind};

use super::limits::{DEPTH, TABLES};

/// What a TOML text has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TomlExcess {
    /// Levels in each other: brackets and dotted keys both count.
    Levels,
    /// Tables.
    Tables,
    /// Words, signs, blanks and comments, of which so many may be there.
    Tokens(usize),
}

impl fmt::Display for TomlExcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels => write!(f, "nests deeper than {DEPTH} levels"),
            Self::Tables => write!(f, "has more than {TABLES} tables"),
            Self::Tokens(most) => write!(f, "has more than {most} words and signs"),
        }
    }
}

/// What the text has too much of, and the byte offset of the first that is too much; at most `tokens` tokens are read.
#[must_use]
pub fn toml_excess(text: &str, tokens: usize) -> Option<(TomlExcess, usize)> {
    // The depth outside each open bracket, to which a `,` or its end returns.
    let (mut outside, mut depth) = (Vec::new(), 0_usize);
    let (mut tables, mut is_value) = (0_usize, false);
    for (index, token) in Source::new(text).lex().enumerate() {
        let at = token.span().start();
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                let is_array = is_value && token.kind() == TokenKind::LeftSquareBracket;
                tables += usize::from(!is_array);
                outside.push(depth);
                depth += 1;
            }
            TokenKind::Dot => {
                tables += 1;
                depth += 1;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                depth = outside.pop().unwrap_or(0);
            }
            TokenKind::Comma => depth = outside.last().map_or(0, |depth| depth + 1),
            TokenKind::Newline if outside.is_empty() => (depth, is_value) = (0, false),
            TokenKind::Equals => is_value = true,
            _ => {}
        }
        if depth > DEPTH {
            return Some((TomlExcess::Levels, at));
        }
        if tables > TABLES {
            return Some((TomlExcess::Tables, at));
        }
        if index >= tokens {
            return Some((TomlExcess::Tokens(tokens), at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_told_at_the_first_that_is() {
        let excess = |text: &str| toml_excess(text, 1_000_000);
        let lines = |line: &str, count: usize| line.repeat(count);
        for (text, found) in [
            ("a = [[1], [2]] # [[[\n".to_owned(), None),
            (format!("a = {}", lines("[", 65)), Some((TomlExcess::Levels, 68))),
            (lines("a.b = \"[.[\"\n", TABLES), None),
            (lines("a.b = 1\n", TABLES + 1), Some((TomlExcess::Tables, TABLES * 8 + 1))),
            (lines("[a]\n", TABLES + 1), Some((TomlExcess::Tables, TABLES * 4))),
            (format!("a = [{}]", lines("[],", TABLES + 1)), None),
            (lines("\n", 1_000_001), Some((TomlExcess::Tokens(1_000_000), 1_000_000))),
        ] {
            assert_eq!(excess(&text), found, "{}", &text[..text.len().min(40)]);
        }
    }
}
