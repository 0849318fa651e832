//! Which files an `include` means.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::Workspace;

/// The files that `pattern`, written in the file `from`, means, sorted; an error in words where it means none.
///
/// Patterns are relative to the including file; `*` stands for any characters within one file name. Nothing outside
/// the folder of the root file is reached.
pub(super) fn resolve(
    workspace: &dyn Workspace,
    from: &Utf8Path,
    pattern: &str,
) -> Result<Vec<Utf8PathBuf>, String> {
    let written = Utf8Path::new(pattern);
    if written.is_absolute() {
        return Err(
            "an absolute path cannot be included, since the parties' machines differ".to_owned()
        );
    }
    let folder = from.parent().unwrap_or(Utf8Path::new(""));
    let path = normalise(&folder.join(written))
        .ok_or_else(|| "this leads out of the folder of the topology".to_owned())?;
    let name = path.file_name().ok_or_else(|| "this names no file".to_owned())?;
    let parent = path.parent().unwrap_or(Utf8Path::new(""));
    if parent.as_str().contains('*') {
        return Err("`*` may stand in the last part of the path only".to_owned());
    }
    if !name.contains('*') {
        return Ok(vec![path]);
    }
    let names = workspace.list(parent)?;
    let matching: Vec<_> = names
        .iter()
        .filter(|candidate| matches(name, candidate))
        .map(|name| parent.join(name))
        .collect();
    if matching.is_empty() { Err("no file matches this".to_owned()) } else { Ok(matching) }
}

/// The path without `.` and `..`; `None` where it is absolute or climbs above its start.
#[must_use]
pub fn normalise(path: &Utf8Path) -> Option<Utf8PathBuf> {
    let mut clean = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::Normal(name) => clean.push(name),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Utf8Component::RootDir | Utf8Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

/// Whether `name` fits `pattern`. A leading dot fits only a written one, as in a shell.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|prefix| name.strip_prefix(prefix)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((suffix, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_of_one_name() {
        for (pattern, name, fits) in [
            ("*.kdl", "alice.kdl", true),
            ("*.kdl", ".hidden.kdl", false),
            ("a*e.kdl", "alice.kdl", true),
            ("a*a*.kdl", "abc.kdl", false),
            ("*", "x", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_reached() {
        assert_eq!(normalise(Utf8Path::new("a/../b.kdl")), Some("b.kdl".into()));
        assert_eq!(normalise(Utf8Path::new("a/../../b.kdl")), None);
        assert_eq!(normalise(Utf8Path::new("/etc/passwd")), None);
    }
}
