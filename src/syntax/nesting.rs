//! Measures how deep a TOML text nests, without recursion.
//!
//! The `toml` crate limits brackets itself, but a dotted key of 100,000 parts becomes as many tables in each other.

/// How deep a file may nest.
pub(super) const LIMIT: usize = 64;

/// The byte offset at which a TOML text first nests deeper than `LIMIT`: brackets and dotted keys both count.
#[must_use]
pub fn toml_too_deep_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    // The depth outside each open bracket, to which a `,` or its end returns.
    let (mut outside, mut depth) = (Vec::new(), 0_usize);
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'[' | b'{' => {
                outside.push(depth);
                depth += 1;
            }
            b'.' => depth += 1,
            b']' | b'}' => depth = outside.pop().unwrap_or(0),
            b',' => depth = outside.last().map_or(0, |depth| depth + 1),
            b'\n' if outside.is_empty() => depth = 0,
            b'#' => {
                at += memchr_newline(&bytes[at..]);
                continue;
            }
            quote @ (b'"' | b'\'') => {
                at = after_toml_string(bytes, at, quote);
                continue;
            }
            _ => {}
        }
        if depth > LIMIT {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The offset after the TOML string at `start`. One on a single line ends with the line at the latest.
fn after_toml_string(bytes: &[u8], start: usize, quote: u8) -> usize {
    let is_triple = bytes[start..].starts_with(&[quote; 3]);
    let quotes = if is_triple { 3 } else { 1 };
    let mut at = start + quotes;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !is_triple => return at,
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3][..quotes]) => {
                return at + quotes;
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn memchr_newline(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n' || *byte == b'\r').unwrap_or(rest.len())
}
