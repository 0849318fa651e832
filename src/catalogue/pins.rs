//! Lists of pinned packages, in the part of pip's format that says one thing everywhere: a line per package,
//! `name==version`, with the hashes of its files if the list has any.

use std::ops::Range;

use crate::types::Package;

/// A package of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Name and version.
    pub package: Package,
    /// Its hashes, as `sha256:...`.
    pub hashes: Vec<String>,
    /// Where its line begins and ends, hashes included.
    pub place: Range<usize>,
}

/// A line of a list that is no pin: why, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPin {
    /// Why.
    pub why: String,
    /// Where.
    pub place: Range<usize>,
}

/// Reads a list.
#[must_use]
pub fn pins(text: &str) -> (Vec<Pin>, Vec<NoPin>) {
    let (mut pins, mut wrong) = (Vec::new(), Vec::new());
    for place in logical_lines(text) {
        match pin(&text[place.clone()]) {
            Ok(None) => {}
            Ok(Some((package, hashes))) => pins.push(Pin { package, hashes, place }),
            Err(why) => wrong.push(NoPin { why, place }),
        }
    }
    (pins, wrong)
}

/// Lines, joined with the next one where a backslash is at their end; without blanks round them.
fn logical_lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.trim_end().ends_with('\\') && at < text.len() {
            continue;
        }
        let whole = &text[start..at];
        let left = whole.len() - whole.trim_start().len();
        let trimmed = start + left..start + left + whole.trim().len();
        lines.extend((!trimmed.is_empty()).then_some(trimmed));
        start = at;
    }
    lines
}

/// One line; `None` for a comment.
fn pin(line: &str) -> Result<Option<(Package, Vec<String>)>, String> {
    let words = line.split_whitespace().filter(|word| *word != "\\");
    let mut words = words.take_while(|word| !word.starts_with('#'));
    let Some(first) = words.next() else { return Ok(None) };
    if first.starts_with('-') {
        return Err(format!("`{first}` is an option of pip; a list here has packages alone"));
    }
    let package = first.trim_end_matches('\\').parse()?;
    let mut hashes = Vec::new();
    for word in words {
        let hash = word.trim_end_matches('\\').strip_prefix("--hash=");
        let hash = hash.ok_or_else(|| {
            format!("`{word}` is no hash, which is all that may follow a package")
        })?;
        let digits = hash.strip_prefix("sha256:").unwrap_or_default();
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("`{hash}` is no `sha256:` with 64 hexadecimal digits"));
        }
        hashes.push(hash.to_owned());
    }
    Ok(Some((package, hashes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_with_places_and_hashes() {
        let hash = format!("sha256:{}", "0a".repeat(32));
        let text = format!(
            "# ours\n\ncelery==5.4.0 \\\n    --hash={hash} \\\n    --hash={hash}\n  redis==5.0.4  # cache\nflower\n-r more.txt\n"
        );
        let (pins, wrong) = pins(&text);
        assert_eq!(pins.len(), 2);
        assert_eq!(pins[0].hashes, [hash.clone(), hash]);
        assert_eq!(pins[1].package.to_string(), "redis==5.0.4");
        assert_eq!(&text[pins[1].place.clone()], "redis==5.0.4  # cache");
        let places: Vec<_> = wrong.iter().map(|one| &text[one.place.clone()]).collect();
        assert_eq!(places, ["flower", "-r more.txt"]);
    }

    #[test]
    fn what_is_no_hash_is_told() {
        for line in ["a==1 --hash=md5:00", "a==1 --no-deps", "a==1 ; python_version < '3'"] {
            assert_eq!(pins(line).1.len(), 1, "{line}");
        }
    }
}
