//! How a KDL file is laid out: what `sfgen fmt` changes, and what it leaves as it is.
//!
//! In goes KDL text, out comes the same text with other blanks between its tokens: four spaces per level, one space
//! round braces, no blanks at the end of a line, at most one empty line between nodes and none at either end of the
//! file. Strings, comments, slashdashes and the order of everything stay byte for byte. The pieces are those that the
//! reader reads.

use crate::diag::{Code, FileId, Finding, Findings, SourceSpan};

use super::{
    MAX_FILE, Node,
    kdl::{self, Piece, Pieces},
    limits::{Budget, TOO_MANY},
    node::all_pairs,
};

/// A new layout that would not mean the same.
const OTHER_MEANING: Code = Code("SF0015");

/// Blanks per level.
const INDENT: usize = 4;
/// How many breaks of lines are kept between two lines with something on them.
const BREAKS: usize = 2;
/// What some editors write before a text.
const MARK: &str = "\u{feff}";

/// The text of a KDL file, laid out; `None` where it cannot be read, or cannot be laid out without a change of its
/// meaning, and that is reported.
#[must_use]
pub fn format(file: FileId, text: &str, findings: &mut Findings) -> Option<String> {
    let before = kdl::parse(file, text, &mut Budget::default(), findings)?;
    let refused = |code, message: String, help: &str| {
        Finding::error(code, message).label(SourceSpan::new(file, 0..0), "in this file").help(help)
    };
    let Some(made) = lay_out(text) else {
        let message = format!("this file, laid out, is larger than {} MiB", MAX_FILE >> 20);
        findings.push(refused(TOO_MANY, message, "divide it among several files"));
        return None;
    };
    let after = kdl::parse(file, &made, &mut Budget::default(), &mut Findings::default());
    let is_same = after.is_some_and(|after| all_pairs(&before, &after, Node::means));
    if is_same && solid(text).eq(solid(&made)) {
        return Some(made);
    }
    let message = "this file cannot be laid out without a change".to_owned();
    let help = "lay it out by hand, and send us the file: this is a mistake in sfgen";
    findings.push(refused(OTHER_MEANING, message, help));
    None
}

/// The pieces of a text with what is written there.
fn pieces(text: &str) -> impl Iterator<Item = (Piece, &str)> {
    let mut pieces = Pieces::new(text);
    std::iter::from_fn(move || {
        let start = pieces.at();
        // A text with mistakes is not laid out.
        let piece = pieces.read().ok().filter(|piece| *piece != Piece::End)?;
        Some((piece, &text[start..pieces.at()]))
    })
}

/// What stands between blanks and breaks.
fn solid(text: &str) -> impl Iterator<Item = &str> {
    let solid = pieces(text).filter(|(piece, _)| !matches!(piece, Piece::Blank | Piece::Break));
    solid.map(|(_, text)| text)
}

/// The text, laid out; `None` where it would be larger than a file may be.
fn lay_out(text: &str) -> Option<String> {
    let mut layout = Layout::default();
    for (piece, text) in pieces(text) {
        match piece {
            Piece::Blank => layout.gap = text,
            Piece::Break => layout.end_line(text),
            piece => layout.write(piece, text),
        }
        if layout.out.len() > MAX_FILE {
            return None;
        }
    }
    let mark = if text.starts_with(MARK) { MARK } else { "" };
    let made = format!("{mark}{}", layout.finish());
    (made.len() <= MAX_FILE).then_some(made)
}

/// A text that is being laid out.
#[derive(Default)]
struct Layout<'t> {
    /// What is laid out so far, without the breaks after its last line.
    out: String,
    /// How many blocks are open.
    depth: usize,
    /// The last piece of this line that is no blank; `None` at its start.
    last: Option<Piece>,
    /// The blanks since then.
    gap: &'t str,
    /// Whether the last piece that is no comment joins the next line to its own.
    is_joined: bool,
    /// The first breaks since the last line with something on it; they are written once another follows.
    breaks: Vec<&'t str>,
    /// The break with which the first line of the file ends.
    usual: Option<&'t str>,
}

impl<'t> Layout<'t> {
    fn end_line(&mut self, text: &'t str) {
        if self.breaks.len() < BREAKS {
            self.breaks.push(text);
        }
        self.usual.get_or_insert(text);
        (self.last, self.gap) = (None, "");
    }

    fn write(&mut self, piece: Piece, text: &'t str) {
        match &self.last {
            None => self.start_line(&piece),
            Some(last) => {
                let is_empty = (last, &piece, self.gap) == (&Piece::Open, &Piece::Close, "");
                let at_brace = *last == Piece::Open || matches!(piece, Piece::Open | Piece::Close);
                let is_spaced = at_brace && *last != Piece::Slashdash && !is_empty;
                self.out.push_str(if is_spaced { " " } else { self.gap });
            }
        }
        self.out.push_str(text);
        match piece {
            Piece::Open => self.depth += 1,
            Piece::Close => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if piece != Piece::Comment {
            self.is_joined = piece == Piece::Join;
        }
        (self.last, self.gap) = (Some(piece), "");
    }

    fn start_line(&mut self, first: &Piece) {
        if self.out.is_empty() {
            self.breaks.clear();
        }
        self.out.extend(self.breaks.drain(..));
        let level = self.depth.saturating_sub(usize::from(*first == Piece::Close));
        let level = level + usize::from(std::mem::take(&mut self.is_joined));
        self.out.extend(std::iter::repeat_n(' ', level * INDENT));
    }

    /// What is laid out, with a break at its end unless it is empty.
    fn finish(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push_str(self.breaks.first().copied().or(self.usual).unwrap_or("\n"));
        }
        self.out
    }
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
                prop_assert!(solid(&text).eq(solid(&once)));
            }
        }
    }
}
