//! KDL text as the tokens that the reader reads: the pieces that mean something.

use std::ops::Range;

use crate::syntax::Value;

use super::{
    mistake::Mistake,
    pieces::{Piece, Pieces},
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
    pieces: Pieces<'t>,
}

impl<'t> Lexer<'t> {
    /// Starts with the text.
    pub(super) fn new(text: &'t str) -> Self {
        Self { pieces: Pieces::new(text) }
    }

    /// The next token.
    pub(super) fn read(&mut self) -> Lexeme {
        let mut is_apart = false;
        loop {
            let start = self.pieces.at();
            let token = match self.pieces.read() {
                Ok(Piece::Blank | Piece::Comment) => {
                    is_apart = true;
                    continue;
                }
                Ok(Piece::Join) => match self.join(start) {
                    Ok(()) => {
                        is_apart = true;
                        continue;
                    }
                    Err(mistake) => Err(mistake),
                },
                Ok(Piece::End) => Ok(Token::End),
                Ok(Piece::Break) => Ok(Token::Break),
                Ok(Piece::Semicolon) => Ok(Token::Semicolon),
                Ok(Piece::Open) => Ok(Token::Open),
                Ok(Piece::Close) => Ok(Token::Close),
                Ok(Piece::OpenType) => Ok(Token::OpenType),
                Ok(Piece::CloseType) => Ok(Token::CloseType),
                Ok(Piece::Equals) => Ok(Token::Equals),
                Ok(Piece::Slashdash) => Ok(Token::Slashdash),
                Ok(Piece::Quoted(string)) => quoted::value(self.pieces.text(), start, &string)
                    .map(|text| Token::Value(Value::Text(text))),
                Ok(Piece::Word) => {
                    let range = start..self.pieces.at();
                    word::read(&self.pieces.text()[range.clone()], range).map(Token::Value)
                }
                Ok(Piece::Keyword) => {
                    let range = start..self.pieces.at();
                    let name = &self.pieces.text()[start + 1..range.end];
                    word::keyword(name, range).map(Token::Value)
                }
                Err(mistake) => Err(mistake),
            };
            return Lexeme { token, range: start..self.pieces.at(), is_apart };
        }
    }

    /// Goes on after what may follow the `\` at `start` in its line, and the end of that.
    fn join(&mut self, start: usize) -> Result<(), Mistake> {
        loop {
            let at = self.pieces.at();
            match self.pieces.read() {
                Ok(Piece::Blank | Piece::Comment) => {}
                Ok(Piece::Break | Piece::End) => return Ok(()),
                Err(mistake) if mistake.is_last() => return Err(mistake),
                _ => {
                    // It is read again, as what follows the mistake.
                    self.pieces.back_to(at);
                    let help = "put what has backslashes in quotes, and write each as `\\\\`";
                    let message = "`\\` stands at the end of a line only";
                    return Err(Mistake::new(start..start + 1, message, "here", help));
                }
            }
        }
    }
}
