//! KDL text as tokens, each read once and in time that grows with the text alone.

use std::ops::Range;

use crate::syntax::Value;

use super::{
    chars::{after_break, is_blank, is_break, is_forbidden, is_of_word},
    mistake::{HELP, Mistake},
    quoted, word,
};

/// What stands between blanks and comments.
#[derive(Debug, PartialEq)]
pub(super) enum Token {
    /// The end of the text.
    End,
    /// The end of a line.
    Break,
    /// `;`.
    Semicolon,
    /// `{`.
    Open,
    /// `}`.
    Close,
    /// `(`.
    OpenType,
    /// `)`.
    CloseType,
    /// `=`.
    Equals,
    /// `/-`.
    Slashdash,
    /// A string, a number or a keyword.
    Value(Value),
}

/// A token with its place.
#[derive(Debug)]
pub(super) struct Lexeme {
    /// What it is, or why it is nothing.
    pub(super) token: Result<Token, Mistake>,
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// Whether blanks or a comment stand before it.
    pub(super) is_apart: bool,
}

/// A text that is being read.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    /// Starts with the text, after a byte order mark.
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at }
    }

    /// The next token.
    pub(super) fn read(&mut self) -> Lexeme {
        let before = self.at;
        let blanks = self.blanks();
        let (is_apart, start) = (self.at > before, self.at);
        let token = blanks.and_then(|()| self.token());
        Lexeme { token, range: start..self.at, is_apart }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Goes on after blanks, comments and line ends that a `\` takes back.
    fn blanks(&mut self) -> Result<(), Mistake> {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find(is_break).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at = block_comment(self.text, self.at)?;
            } else if rest.starts_with('\\') {
                self.join()?;
            } else if rest.starts_with(is_blank) {
                self.at += rest.len() - rest.trim_start_matches(is_blank).len();
            } else {
                return Ok(());
            }
        }
    }

    /// Goes on after a `\`, what may follow it in its line, and the end of that.
    fn join(&mut self) -> Result<(), Mistake> {
        let start = self.at;
        self.at += 1;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                self.at = block_comment(self.text, self.at)?;
            } else if rest.starts_with("//") {
                self.at += rest.find(is_break).unwrap_or(rest.len());
            } else if rest.starts_with(is_blank) {
                self.at += rest.len() - rest.trim_start_matches(is_blank).len();
            } else if let Some(after) = after_break(rest) {
                self.at = self.text.len() - after.len();
                return Ok(());
            } else if rest.is_empty() {
                return Ok(());
            } else {
                let help = "put what has backslashes in quotes, and write each as `\\\\`";
                let message = "`\\` stands at the end of a line only";
                return Err(Mistake::new(start..start + 1, message, "here", help));
            }
        }
    }

    fn token(&mut self) -> Result<Token, Mistake> {
        let (start, rest) = (self.at, self.rest());
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        if let Some(after) = after_break(rest) {
            self.at = self.text.len() - after.len();
            return Ok(Token::Break);
        }
        if let Some((read, end)) = quoted::read(self.text, start) {
            self.at = end;
            return read.map(|text| Token::Value(Value::Text(text)));
        }
        if is_of_word(first) {
            let word = self.word();
            return word::read(word, start..self.at).map(Token::Value);
        }
        self.at += first.len_utf8();
        Ok(match first {
            ';' => Token::Semicolon,
            '{' => Token::Open,
            '}' => Token::Close,
            '(' => Token::OpenType,
            ')' => Token::CloseType,
            '=' => Token::Equals,
            '/' if self.rest().starts_with('-') => {
                self.at += 1;
                Token::Slashdash
            }
            '#' => {
                // All of them at once, since each look for a string counts those that follow.
                let after = self.rest().trim_start_matches('#');
                self.at = self.text.len() - after.len();
                let name = self.word();
                let hashes = self.at - name.len() - start;
                let name = if hashes == 1 { name } else { "" };
                return word::keyword(name, start..self.at).map(Token::Value);
            }
            c if is_forbidden(c) => return Err(quoted::forbidden(c, start)),
            c => {
                let message = format!("`{c}` means nothing outside of quotes");
                return Err(Mistake::new(start..self.at, message, "here", HELP));
            }
        })
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }
}

/// The offset after the block comment at `start`; they stand in each other.
fn block_comment(text: &str, start: usize) -> Result<usize, Mistake> {
    let end = after_comment(text, start);
    if let Some(end) = end {
        let forbidden = text[start..end].char_indices().find(|(_, c)| is_forbidden(*c));
        return forbidden.map_or(Ok(end), |(at, c)| Err(quoted::forbidden(c, start + at).last()));
    }
    let message = "this comment is never closed";
    Err(Mistake::new(start..start + 2, message, "it begins here", "close it with `*/`").last())
}

/// The offset after the block comment at `start`, `None` where it is never closed.
pub(in crate::syntax) fn after_comment(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}
