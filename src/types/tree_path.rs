//! Paths of files in a tree.

use std::{borrow::Borrow, cmp::Ordering, fmt, ops::Deref, str::FromStr};

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The path of a file in a tree, which leads down from the root of the tree and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TreePath(SmolStr);

impl TreePath {
    /// The rule, for messages.
    pub const RULE: &str = "a path in a tree is relative, has names between its slashes, none of them `.` or `..`, and \
        no control characters";

    /// The longest path in bytes: what Linux takes.
    const MAX: usize = 4095;

    /// The path in a folder that is given.
    #[must_use]
    pub fn in_folder(&self, folder: &Utf8Path) -> Utf8PathBuf {
        folder.join(&**self)
    }
}

impl FromStr for TreePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_name = |part: &str| !matches!(part, "" | "." | "..");
        if text.len() <= Self::MAX
            && text.split('/').all(is_name)
            && !text.contains(char::is_control)
        {
            return Ok(Self(text.into()));
        }
        Err(format!("{}; not {text:?}", Self::RULE))
    }
}

impl TryFrom<String> for TreePath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TreePath> for String {
    fn from(path: TreePath) -> Self {
        path.0.into()
    }
}

impl Deref for TreePath {
    type Target = Utf8Path;

    fn deref(&self) -> &Utf8Path {
        Utf8Path::new(&self.0)
    }
}

/// Compared as paths are, part by part: a slash is less than all that a name can have. Since there is one way to spell such a
/// path, this needs no look at its parts, which would be several times slower; a tree of many parties is sorted often.
impl Ord for TreePath {
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others) = (self.0.as_bytes(), other.0.as_bytes());
        let rank = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
        match own.iter().zip(others).find(|(own, other)| own != other) {
            Some((own, other)) => rank(own).cmp(&rank(other)),
            None => own.len().cmp(&others.len()),
        }
    }
}

impl PartialOrd for TreePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Sorted as the path is, see [`TreePath::cmp`].
impl Borrow<Utf8Path> for TreePath {
    fn borrow(&self) -> &Utf8Path {
        Utf8Path::new(&self.0)
    }
}

impl AsRef<Utf8Path> for TreePath {
    fn as_ref(&self) -> &Utf8Path {
        Utf8Path::new(&self.0)
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_tree_or_is_spelt_in_two_ways() {
        for good in ["manifest.json", "alice/plan.json", "ca/..pem", ".a/b", "a/...", "ä/b c"] {
            assert_eq!(good.parse::<TreePath>().unwrap().to_string(), good);
        }
        let long = "x".repeat(4096);
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "alice/../../../x",
            "a/..",
            ".",
            "./a",
            "a/./b",
            "a//b",
            "a/",
            "a\0b",
            "a\nb",
            &long,
        ] {
            assert!(bad.parse::<TreePath>().is_err(), "{bad:?}");
            assert!(
                serde_json::from_str::<TreePath>(&serde_json::to_string(bad).unwrap()).is_err()
            );
        }
    }

    #[test]
    fn paths_of_a_tree_are_sorted_as_other_paths_are() {
        let texts = [
            "a", "a/b", "a-b", "a-b/c", "a/b/c", "a.b", "a b", "ä/x", "ä-", "b", "B", "a/b-c", "~",
        ];
        for (own, other) in texts.iter().flat_map(|own| texts.map(|other| (*own, other))) {
            let paths = (Utf8Path::new(own), Utf8Path::new(other));
            let of_tree = own.parse::<TreePath>().unwrap().cmp(&other.parse().unwrap());
            assert_eq!(of_tree, paths.0.cmp(paths.1), "{own} and {other}");
        }
    }
}
