//! Source files and places in them.

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Index of a file in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(usize);

/// A file that the user wrote.
#[derive(Clone, Debug)]
pub struct Source {
    /// As it is named in findings: from the working directory.
    pub name: String,
    /// Its text.
    pub text: Arc<str>,
    lines: Arc<OnceLock<Lines>>,
}

/// Where the lines of a text begin, and how many characters stand before each block of it, so that a place in a large
/// file is found without reading all that is before it.
#[derive(Debug)]
struct Lines {
    starts: Vec<usize>,
    chars: Vec<usize>,
}

/// Bytes of which the characters are counted once.
const BLOCK: usize = 1 << 10;

impl Lines {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        let counts = text.as_bytes().chunks(BLOCK).map(characters);
        let mut before = 0;
        let chars = std::iter::once(0).chain(counts.map(|count| {
            before += count;
            before
        }));
        Self { starts, chars: chars.collect() }
    }
}

/// How many characters begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// All files that were read for one topology, in the order of reading.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.0.push(Source::new(name, text));
        FileId(self.0.len() - 1)
    }

    /// The file with this index.
    #[must_use]
    pub fn get(&self, id: FileId) -> &Source {
        &self.0[id.0]
    }

    /// Every file with its index.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        self.0.iter().enumerate().map(|(index, source)| (FileId(index), source))
    }
}

impl Source {
    fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into(), lines: Arc::default() }
    }

    /// Line and column of a byte offset, both counted from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let end = self.text.floor_char_boundary(offset);
        let Lines { starts, chars } = self.lines.get_or_init(|| Lines::of(&self.text));
        let line = starts.partition_point(|start| *start <= end);
        let before = |at: usize| {
            let block = at / BLOCK;
            chars[block] + characters(&self.text.as_bytes()[block * BLOCK..at])
        };
        (line, before(end) - before(starts[line - 1]) + 1)
    }
}

/// A place in one file: bytes `start` to `end`, the end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceSpan {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl SourceSpan {
    /// The place of `range` in `file`.
    #[must_use]
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        Self { file, start: range.start, end: range.end }
    }
}

/// A value with the place where the user wrote it, or the place that stands for it where it is a default.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: SourceSpan,
}

impl<T> Spanned<T> {
    /// `value`, written at `span`.
    pub const fn new(value: T, span: SourceSpan) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: f(self.value), span: self.span }
    }
}

impl<T: fmt::Debug> fmt::Debug for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("t", "a\né漢b\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(source.text.find('b').unwrap()), (2, 3));
        assert_eq!(source.line_column(999), (3, 1));
    }

    #[test]
    fn places_in_large_files_are_counted_the_same_way() {
        let text = "é漢b".repeat(500) + "\n" + &"ab\n漢".repeat(1_000);
        let source = Source::new("t", text.as_str());
        for offset in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let before = &text[..offset];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!(source.line_column(offset), (line, column));
        }
    }
}
