//! KDL text as the pieces that it is written in, each read once and in time that grows with the text alone.
//!
//! The pieces of a text, put together, are that text. The reader makes tokens of them, and `sfgen fmt` writes them
//! with other blanks between them.

use super::{
    chars::{after_break, is_blank, is_break, is_forbidden, is_of_word},
    mistake::{HELP, Mistake},
    quoted::{self, Quoted},
};

/// What a piece is.
#[derive(Debug, PartialEq)]
pub(in crate::syntax) enum Piece {
    /// The end of the text.
    End,
    /// Blanks within a line.
    Blank,
    /// The end of a line.
    Break,
    /// A comment, with `//` up to the end of its line, or in `/*` and `*/`.
    Comment,
    /// `\`, which joins the next line to this one.
    Join,
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
    /// A string in quotes.
    Quoted(Quoted),
    /// A string without quotes, or a number.
    Word,
    /// `#` with the word after it.
    Keyword,
}

/// A text that is read piece by piece.
#[derive(Debug)]
pub(in crate::syntax) struct Pieces<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Pieces<'t> {
    /// Starts with the text, after a byte order mark.
    pub(in crate::syntax) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// Where the next piece begins, which is where the last one ended.
    pub(in crate::syntax) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to where a piece began.
    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next piece. After a mistake, reading goes on behind it.
    pub(in crate::syntax) fn read(&mut self) -> Result<Piece, Mistake> {
        let (start, rest) = (self.at, &self.text[self.at..]);
        let Some(first) = rest.chars().next() else { return Ok(Piece::End) };
        if is_of_word(first) {
            self.skip_while(is_of_word);
            return Ok(Piece::Word);
        }
        if is_blank(first) {
            self.skip_while(is_blank);
            return Ok(Piece::Blank);
        }
        if let Some(after) = after_break(rest) {
            self.at = self.text.len() - after.len();
            return Ok(Piece::Break);
        }
        self.at += first.len_utf8();
        Ok(match first {
            '{' => Piece::Open,
            '}' => Piece::Close,
            '=' => Piece::Equals,
            ';' => Piece::Semicolon,
            '(' => Piece::OpenType,
            ')' => Piece::CloseType,
            '\\' => Piece::Join,
            '"' | '#' => return self.string_or_keyword(start),
            '/' if rest.starts_with("/-") => {
                self.at += 1;
                Piece::Slashdash
            }
            '/' if rest.starts_with("//") => return self.line_comment(start),
            '/' if rest.starts_with("/*") => return self.block_comment(start),
            c if is_forbidden(c) => return Err(quoted::forbidden(c, start)),
            c => {
                let message = format!("`{c}` means nothing outside of quotes");
                return Err(Mistake::new(start..self.at, message, "here", HELP));
            }
        })
    }

    fn skip_while(&mut self, belongs: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..];
        self.at += rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    }

    fn string_or_keyword(&mut self, start: usize) -> Result<Piece, Mistake> {
        if let Some((found, end)) = quoted::find(self.text, start) {
            self.at = end;
            return found.map(Piece::Quoted);
        }
        // All of them at once, since each look for a string counts those that follow.
        self.skip_while(|c| c == '#');
        self.skip_while(is_of_word);
        Ok(Piece::Keyword)
    }

    fn line_comment(&mut self, start: usize) -> Result<Piece, Mistake> {
        self.skip_while(|c| !is_break(c));
        self.comment(start)
    }

    /// A comment up to its end; they stand in each other.
    fn block_comment(&mut self, start: usize) -> Result<Piece, Mistake> {
        let bytes = self.text.as_bytes();
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
                        self.at = at;
                        return self.comment(start).map_err(Mistake::last);
                    }
                }
                _ => at += 1,
            }
        }
        let (message, label) = ("this comment is never closed", "it begins here");
        Err(Mistake::new(start..start + 2, message, label, "close it with `*/`").last())
    }

    /// The comment from `start` up to here, unless it holds what no file may.
    fn comment(&self, start: usize) -> Result<Piece, Mistake> {
        let forbidden = self.text[start..self.at].char_indices().find(|(_, c)| is_forbidden(*c));
        forbidden.map_or(Ok(Piece::Comment), |(at, c)| Err(quoted::forbidden(c, start + at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_text_put_together_are_the_text() {
        let text =
            "\u{feff}(t)a k=\"x\"\t#true /-1 \\ // c\r\n #\"r\"# { /* /* */ */; b }\u{2028}é\n";
        let mut pieces = Pieces::new(text);
        let (mut read, mut kinds) = (String::new(), Vec::new());
        loop {
            let start = pieces.at();
            let piece = pieces.read().unwrap();
            if piece == Piece::End {
                break;
            }
            read.push_str(&text[start..pieces.at()]);
            kinds.push(piece);
        }
        assert_eq!(read, text.trim_start_matches('\u{feff}'));
        assert_eq!(kinds[..4], [Piece::OpenType, Piece::Word, Piece::CloseType, Piece::Word]);
        assert_eq!(kinds[kinds.len() - 3..], [Piece::Break, Piece::Word, Piece::Break]);
    }

    #[test]
    fn no_comment_hides_a_character_that_no_file_may_hold() {
        for text in ["// a\u{202e}b", "/* a\u{202e}b */"] {
            let mistake = Pieces::new(text).read().unwrap_err().into_inner();
            assert_eq!(&text[mistake.range], "\u{202e}");
        }
    }
}
