//! Strings in quotes: where they end, and what they mean.

use std::ops::Range;

use super::{
    chars::{after_break, is_blank, is_break, is_forbidden},
    mistake::Mistake,
};

/// A string in quotes, found but not read.
#[derive(Debug, PartialEq)]
pub(in crate::syntax) struct Quoted {
    /// How many `#` stand before and after it; with any, `\` is a character like others.
    hashes: usize,
    /// Whether it is quoted threefold, on lines of its own.
    has_lines: bool,
    /// What is between the quotes.
    body: Range<usize>,
    /// After its quotes and `#`s.
    end: usize,
}

/// The string that begins at `start`, and where to read on; `None` where no string begins.
pub(super) fn find(text: &str, start: usize) -> Option<(Result<Quoted, Mistake>, usize)> {
    let found = look_for(text, start)?;
    let end = match &found {
        Ok(quoted) => quoted.end,
        Err(_) => start + text[start..].find(is_break).unwrap_or(text.len() - start),
    };
    Some((found, end))
}

fn look_for(text: &str, start: usize) -> Option<Result<Quoted, Mistake>> {
    let rest = &text[start..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let quotes = if rest[hashes..].starts_with("\"\"\"") { 3 } else { 1 };
    if !rest[hashes..].starts_with('"') {
        return None;
    }
    let opening = start..start + hashes + quotes;
    let has_lines = quotes == 3;
    if has_lines && after_break(&text[opening.end..]).is_none() {
        let help = "begin the text in the next line, or use one quote at either end";
        let message = "nothing may stand after `\"\"\"` in its line";
        return Some(Err(Mistake::new(opening, message, "after this", help)));
    }
    let mut at = opening.end;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c == '"' && closes(rest, quotes, hashes) {
            let end = at + quotes + hashes;
            return Some(Ok(Quoted { hashes, has_lines, body: opening.end..at, end }));
        }
        if is_forbidden(c) {
            let mistake = forbidden(c, at);
            return Some(Err(if has_lines { mistake.last() } else { mistake }));
        }
        if is_break(c) && !has_lines {
            let message = "this string is not closed in its line";
            let help = "close it, or begin and end a string of several lines with `\"\"\"`";
            return Some(Err(Mistake::new(opening, message, "it begins here", help)));
        }
        at += if c == '\\' && hashes == 0 { after_backslash(rest) } else { c.len_utf8() };
    }
    let message = "this string is never closed";
    let close = format!("{}{}", "\"".repeat(quotes), "#".repeat(hashes.min(8)));
    let help = format!("close it with `{close}`");
    Some(Err(Mistake::new(opening, message, "it begins here", help).last()))
}

fn closes(rest: &str, quotes: usize, hashes: usize) -> bool {
    let bytes = rest.as_bytes();
    bytes.len() >= quotes + hashes
        && bytes[..quotes].iter().all(|byte| *byte == b'"')
        && bytes[quotes..quotes + hashes].iter().all(|byte| *byte == b'#')
}

/// How much `\` and what belongs to it take up.
fn after_backslash(rest: &str) -> usize {
    let after = &rest[1..];
    let blanks = after.len() - after.trim_start_matches(|c| is_blank(c) || is_break(c)).len();
    let next = after.chars().next().map_or(0, |c| if is_forbidden(c) { 0 } else { c.len_utf8() });
    1 + blanks.max(next)
}

/// What the string that was found at `start` means.
pub(super) fn value(text: &str, start: usize, quoted: &Quoted) -> Result<String, Mistake> {
    let body = &text[quoted.body.clone()];
    let is_raw = quoted.hashes > 0;
    if !is_raw {
        check_escapes(body, quoted.body.start)?;
    }
    if !quoted.has_lines {
        return Ok(if is_raw { body.to_owned() } else { unescape(body) });
    }
    let opening = start..quoted.body.start;
    let outdented = |body: &str| {
        outdent(body).map_err(|(message, help)| {
            Mistake::new(opening.clone(), message, "it begins here", help)
        })
    };
    if is_raw {
        outdented(body)
    } else {
        outdented(&without_joins(body)).map(|body| unescape(&body))
    }
}

/// The lines of a string of several, without the blanks that stand before its closing quotes too.
fn outdent(body: &str) -> Result<String, (String, &'static str)> {
    let body = after_break(body).unwrap_or(body);
    let mut lines = lines(body);
    let margin = lines.pop().unwrap_or_default();
    if !margin.chars().all(is_blank) {
        let message = "the closing quotes of this string do not begin their line";
        return Err((message.to_owned(), "put the `\"\"\"` at the end into a line of its own"));
    }
    let mut text = String::with_capacity(body.len());
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        if line.chars().all(is_blank) {
            continue;
        }
        let Some(rest) = line.strip_prefix(margin) else {
            let message =
                format!("line {} of this string is indented less than its end", index + 1);
            return Err((
                message,
                "begin each line with the blanks that stand before the closing `\"\"\"`",
            ));
        };
        text.push_str(rest);
    }
    Ok(text)
}

fn lines(mut text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    while let Some(at) = text.find(is_break) {
        lines.push(&text[..at]);
        text = after_break(&text[at..]).unwrap_or_default();
    }
    lines.push(text);
    lines
}

/// The text without each `\` that joins two lines, and the blanks after it.
fn without_joins(body: &str) -> String {
    let mut joined = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        let after = &rest[at..];
        let is_join = after[1..].starts_with(|c| is_blank(c) || is_break(c));
        joined.push_str(&rest[..at]);
        if !is_join {
            joined.push_str(&after[..after_backslash(after)]);
        }
        rest = &after[after_backslash(after)..];
    }
    joined + rest
}

fn unescape(body: &str) -> String {
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        // `check_escapes` has seen that each is right.
        let (meant, len) = escape(&rest[at..]).unwrap_or((None, 1));
        text.extend(meant);
        rest = &rest[at + len..];
    }
    text + rest
}

fn check_escapes(body: &str, start: usize) -> Result<(), Mistake> {
    let mut at = 0;
    while let Some(found) = body[at..].find('\\') {
        at += found;
        let Some((_, len)) = escape(&body[at..]) else {
            let end = at + after_backslash(&body[at..]);
            let message = "there is no such escape in a string";
            let help = "write `\\\\` for a backslash; `\\n`, `\\t`, `\\\"`, `\\s` and `\\u{1F600}` are known";
            return Err(Mistake::new(start + at..start + end, message, "this escape", help));
        };
        at += len;
    }
    Ok(())
}

/// What the escape at the start means, if anything, and how long it is.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let known = match text[1..].chars().next()? {
        c @ ('\\' | '"') => c,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        's' => ' ',
        't' => '\t',
        'u' => {
            let (digits, _) = text[2..].strip_prefix('{')?.split_once('}')?;
            let is_right =
                matches!(digits.len(), 1..=6) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_right)?;
            return Some((Some(char::from_u32(number)?), digits.len() + 4));
        }
        c if is_blank(c) || is_break(c) => return Some((None, after_backslash(text))),
        _ => return None,
    };
    Some((Some(known), 2))
}

/// The mistake that the character `c` at `at` is.
pub(super) fn forbidden(c: char, at: usize) -> Mistake {
    let message = format!("the character U+{:04X} may not stand in a file", u32::from(c));
    let help = "remove it; in a string it can be written as `\\u{...}`";
    Mistake::new(at..at + c.len_utf8(), message, "it stands here, unseen", help)
}
