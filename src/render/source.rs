//! A template that is part of sfgen, and how far a user's may differ from it.

use schemars::Schema;

/// A template that is part of sfgen; users replace it by a file of the same path in their `templates/`.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// Path below `templates/`, with `.hbs`.
    pub(super) name: &'static str,
    /// Its text.
    pub(super) text: &'static str,
    /// The path in the tree of what it makes; names in capitals stand for those of the plan.
    pub(super) makes: &'static str,
    /// What that is for, as the end of a sentence.
    pub(super) purpose: &'static str,
    /// Who reads it.
    pub(super) readers: Readers,
    /// The variables that it may mention.
    pub(super) view: fn() -> Schema,
}

/// Who reads what a template makes, which says how far a user's template may differ from sfgen's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// People: it may be any text.
    People,
    /// Programs, the launcher and the installer among them: lines may be added, and none may be taken away.
    Machines,
}

/// The first line of sfgen's own text that the other one does not have, or has in another order. Comments do not count.
pub(super) fn taken_away<'a>(own: &'a str, other: &str) -> Option<&'a str> {
    let mut lines = other.lines().map(str::trim_end);
    let counts = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    own.lines().map(str::trim_end).filter(counts).find(|own| !lines.any(|line| line == *own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_be_added_and_none_may_go() {
        let own = "# why\nA=1\n\n  B=2  \n";
        for other in ["A=1\n  B=2\n", "C=3\nA=1\n# B\n  B=2\nC=3"] {
            assert_eq!(taken_away(own, other), None, "{other}");
        }
        for (other, missing) in [("A=1\nB=2\n", "  B=2"), ("  B=2\nA=1\n", "  B=2"), ("", "A=1")] {
            assert_eq!(taken_away(own, other), Some(missing), "{other}");
        }
    }
}
