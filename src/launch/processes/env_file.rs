//! Files with variables, read as systemd reads those of `EnvironmentFile=` (systemd.exec(5)), so that one file means the
//! same whatever starts a service.
//!
//! A line is `NAME=value`. Blanks round a value are dropped; within single quotes all characters stand for themselves,
//! within double quotes `\` does so too, but before `"`, `\`, `` ` `` and `$`. A `\` at the end of a line joins the next
//! one. Lines that begin with `#` or `;`, and those that assign nothing, set no variable.

use std::{
    io::{self, ErrorKind},
    iter::Peekable,
    str::Chars,
};

use camino::Utf8Path;

use crate::fs::{self, FsError};

/// More than this is no list of variables: all variables and arguments of a program together can have some MiB.
const LARGEST: usize = 1 << 20;

/// What some editors put before a text in UTF-8.
const MARK: char = '\u{feff}';

/// What a file with variables says.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// The variables in the order of the file. There is no `Debug` for them: their values are secret.
    pub variables: Vec<(String, String)>,
    /// Numbers, from 1, of the lines that were meant to set a variable and set none.
    pub useless: Vec<usize>,
    /// The line, from 1, on which a quote begins that nothing ends: the value takes all lines up to the end of the file.
    pub unclosed: Option<usize>,
    /// Whether the file begins with a byte-order mark, which is no part of a name: what stands on its first line is not set.
    pub has_mark: bool,
}

/// Reads a file with variables.
///
/// # Errors
/// Where it is no regular file, is larger than a MiB, is not UTF-8, or cannot be read.
pub fn read_env_file(path: &Utf8Path) -> Result<EnvFile, FsError> {
    let refuse = |kind, why: &str| FsError::new("use", path, io::Error::new(kind, why));
    let bytes = fs::read_regular(path, LARGEST)?;
    let bytes = bytes.ok_or_else(|| refuse(ErrorKind::FileTooLarge, "it is larger than a MiB"))?;
    let text =
        String::from_utf8(bytes).map_err(|_| refuse(ErrorKind::InvalidData, "it is not UTF-8"))?;
    if text.contains('\0') {
        return Err(refuse(ErrorKind::InvalidData, "a variable cannot have a byte 0"));
    }
    Ok(parse(&text))
}

/// What the text of such a file says.
fn parse(text: &str) -> EnvFile {
    let mut file = EnvFile { has_mark: text.starts_with(MARK), ..EnvFile::default() };
    let mut reader = Reader { rest: text.chars().peekable(), line: 1, unclosed: None };
    while let Some(c) = reader.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '#' | ';' => reader.skip_line(),
            first => {
                let line = reader.line;
                match reader.assignment(first) {
                    Some((name, value)) if is_name(&name) => file.variables.push((name, value)),
                    _ => file.useless.push(line),
                }
            }
        }
    }
    file.unclosed = reader.unclosed;
    file
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    line: usize,
    unclosed: Option<usize>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next();
        self.line += usize::from(c == Some('\n'));
        c
    }

    fn skip_line(&mut self) {
        while self.next().is_some_and(|c| c != '\n') {}
    }

    /// The name that begins with `first` and its value; `None` where the line has no `=`.
    fn assignment(&mut self, first: char) -> Option<(String, String)> {
        let mut name = String::from(first);
        if first == '=' {
            name.clear();
        } else {
            loop {
                match self.next()? {
                    '\n' => return None,
                    '=' => break,
                    c => name.push(c),
                }
            }
        }
        Some((name.trim_end().to_owned(), self.value()))
    }

    /// The value, up to the end of its line. Quoted parts follow each other without what is between them.
    fn value(&mut self) -> String {
        let mut value = String::new();
        while let Some(c) = self.next() {
            match c {
                '\n' | '\r' => break,
                ' ' | '\t' => {}
                '\'' => self.single_quoted(&mut value),
                '"' => self.double_quoted(&mut value),
                first => {
                    self.bare(first, &mut value);
                    break;
                }
            }
        }
        value
    }

    fn single_quoted(&mut self, value: &mut String) {
        let begun = self.line;
        loop {
            match self.next() {
                Some('\'') => return,
                Some(c) => value.push(c),
                None => break,
            }
        }
        self.unclosed = Some(begun);
    }

    fn double_quoted(&mut self, value: &mut String) {
        let begun = self.line;
        loop {
            match self.next() {
                Some('"') => return,
                Some('\\') => match self.next() {
                    Some(c) if "\"\\`$".contains(c) => value.push(c),
                    Some('\n') | None => {}
                    Some(c) => value.extend(['\\', c]),
                },
                Some(c) => value.push(c),
                None => break,
            }
        }
        self.unclosed = Some(begun);
    }

    /// A value without quotes at its beginning: quotes further on stand for themselves.
    fn bare(&mut self, first: char, value: &mut String) {
        let mut kept = value.len();
        let mut next = Some(first);
        while let Some(c) = next.filter(|c| *c != '\n' && *c != '\r') {
            if c == '\\' {
                // What is escaped is no blank at the end.
                value.extend(self.next().filter(|c| *c != '\n'));
                kept = value.len();
            } else {
                value.push(c);
                if c != ' ' && c != '\t' {
                    kept = value.len();
                }
            }
            next = self.next();
        }
        value.truncate(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(text: &str) -> Vec<(String, String)> {
        parse(text).variables
    }

    #[test]
    fn values_are_read_as_systemd_reads_them() {
        for (line, value) in [
            ("A=b", "b"),
            ("A = b c \t", "b c"),
            ("A=", ""),
            ("A=$HOME #1 'x'", "$HOME #1 'x'"),
            ("A='a \\ \"b\" $c'", "a \\ \"b\" $c"),
            (r#"A="a \"b\" \$c \d""#, r#"a "b" $c \d"#),
            ("A='one' \"two\" three", "onetwothree"),
            ("A=a\\\nb", "ab"),
            ("A=\"a\\\nb\"", "ab"),
            ("A='a\nb'", "a\nb"),
            ("A=a\\ ", "a "),
            ("A=x=y", "x=y"),
            ("A=b\r", "b"),
        ] {
            assert_eq!(variables(line), [("A".to_owned(), value.to_owned())], "{line}");
        }
    }

    #[test]
    fn comments_set_nothing_and_lines_that_assign_nothing_are_named() {
        let file = parse("# A=1\n; B=2\n\nexport C=3\nD=4\nno assignment\n5E=x\n=y\nF=6");
        let names: Vec<&str> = file.variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, file.useless), (vec!["D", "F"], vec![4, 6, 7, 8]));
    }

    #[test]
    fn a_text_that_ends_early_is_read_to_its_end() {
        for text in ["A='b", "A=\"b", "A=\"b\\", "A=b\\", "A", "A="] {
            assert!(variables(text).len() <= 1, "{text}");
        }
    }

    #[test]
    fn a_quote_that_nothing_ends_and_a_mark_before_the_text_are_told() {
        assert_eq!(parse("A=1\nB=\"x\nC=2\n").unclosed, Some(2));
        assert_eq!(parse("A='x\n").unclosed, Some(1));
        assert_eq!(parse("A='x'\nB=\"y\"\nC=it's\n").unclosed, None);
        let marked = parse("\u{feff}A=1\nB=2\n");
        assert!(marked.has_mark && marked.variables == [("B".to_owned(), "2".to_owned())]);
        assert!(!parse("A=1").has_mark);
    }
}
