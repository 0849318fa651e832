//! Measures how deep a KDL or TOML text nests, without recursion.
//!
//! The `kdl` crate descends once per `{` and once per `/*` and ends the process when the stack is used up (6.7.1:
//! 5000 levels), so deep files must be refused before it sees them.

/// How deep braces and block comments may nest.
pub(super) const LIMIT: usize = 64;

/// The byte offset at which `text` first nests deeper than [`LIMIT`].
pub(super) fn too_deep_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'{' => {
                depth += 1;
                if depth > LIMIT {
                    return Some(at);
                }
            }
            b'}' => depth = depth.saturating_sub(1),
            b'"' | b'#' => {
                at = after_string(bytes, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += memchr_newline(&bytes[at..]);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => match after_comment(bytes, at) {
                Ok(end) => {
                    at = end;
                    continue;
                }
                Err(deep) => return Some(deep),
            },
            _ => {}
        }
        at += 1;
    }
    None
}

/// The byte offset at which a TOML text first nests deeper than `LIMIT`: brackets and dotted keys both count.
///
/// The `toml` crate limits brackets itself, but a dotted key of 100,000 parts becomes as many tables in each other.
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

/// The offset after the string that starts at `at`, or after the `#`s where none does.
///
/// A string may be raw (`#"..."#`) and may be quoted threefold. An open end is the end of the text: the parser
/// reports it without descending.
pub(super) fn after_string(bytes: &[u8], start: usize) -> usize {
    let hashes = bytes[start..].iter().take_while(|byte| **byte == b'#').count();
    let mut at = start + hashes;
    if bytes.get(at) != Some(&b'"') {
        return at.max(start + 1);
    }
    let quotes = if bytes[at..].starts_with(b"\"\"\"") { 3 } else { 1 };
    at += quotes;
    while at < bytes.len() {
        if hashes == 0 && bytes[at] == b'\\' {
            at += 2;
            continue;
        }
        let rest = &bytes[at..];
        if rest.len() >= quotes + hashes
            && rest[..quotes].iter().all(|byte| *byte == b'"')
            && rest[quotes..quotes + hashes].iter().all(|byte| *byte == b'#')
        {
            return at + quotes + hashes;
        }
        at += 1;
    }
    bytes.len()
}

/// The offset after the block comment at `start`, or where it nests too deep.
pub(super) fn after_comment(bytes: &[u8], start: usize) -> Result<usize, usize> {
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
                if depth > LIMIT {
                    return Err(at - 2);
                }
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Ok(at);
                }
            }
            _ => at += 1,
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_braces_outside_strings_and_comments() {
        let deep = "a {".repeat(LIMIT + 1);
        assert_eq!(too_deep_at(&deep), Some(3 * LIMIT + 2));
        assert_eq!(too_deep_at(&"a {".repeat(LIMIT)), None);
        assert_eq!(too_deep_at(&"/*".repeat(LIMIT + 1)), Some(2 * LIMIT));
        for quiet in ["\"{\"", "#\"{\"{\"#", "\"\"\"\n{\n\"\"\"", "// {\n", "/* { */", "\"\\\"{\""]
        {
            assert_eq!(too_deep_at(&quiet.repeat(LIMIT + 1)), None, "{quiet}");
        }
    }

    #[test]
    fn a_brace_in_a_string_does_not_hide_depth() {
        assert!(too_deep_at(&"a \"}\" {".repeat(LIMIT + 1)).is_some());
        assert!(too_deep_at(&"a #true {".repeat(LIMIT + 1)).is_some());
    }
}
