//! Folders that lie elsewhere under each target: a plan names them, and a target says where they are.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{Piece, Placeholder, Template};

/// A text of a process in which locations are left open: `{run}/ray` or `{venv}/bin/python`.
pub type Word = Template<Location>;

/// Something on a party's machine whose path depends on how the party is deployed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    /// The folder of the topology, in which the parties' programs run.
    Root,
    /// The tree.
    Tree,
    /// The home of the account that runs the programs.
    Home,
    /// Ray's folder for sockets and session logs. Short: a socket's path ends at 107 characters (`docs/runtime.md`,
    /// Processes of Ray).
    Run,
    /// Where programs write logs.
    Logs,
    /// The program sfgen.
    Sfgen,
}

/// Where each location is on one host.
pub type Locations = BTreeMap<Location, String>;

const NAMES: [(&str, Location); 6] = [
    ("root", Location::Root),
    ("tree", Location::Tree),
    ("home", Location::Home),
    ("run", Location::Run),
    ("logs", Location::Logs),
    ("sfgen", Location::Sfgen),
];

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, location)| location == self).map(|(name, _)| *name);
        f.write_str(name.expect("each location has a name"))
    }
}

impl Placeholder for Location {
    fn named(name: &str) -> Result<Self, String> {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, location)| *location).ok_or_else(|| {
            let all: Vec<_> = NAMES.iter().map(|(name, _)| format!("`{{{name}}}`")).collect();
            format!("there is no location `{{{name}}}`; known are {}", all.join(", "))
        })
    }
}

impl Location {
    /// The location itself as a text.
    #[must_use]
    pub fn word(self) -> Word {
        Template(vec![Piece::Variable(self)])
    }

    /// The location at the end of a text, such as a flag with `=`.
    #[must_use]
    pub fn after(self, text: &str) -> Word {
        Template(vec![Piece::Literal(text.to_owned()), Piece::Variable(self)])
    }

    /// What lies below it; an absolute path stands for itself.
    #[must_use]
    pub fn below(self, path: &str) -> Word {
        if path.starts_with('/') {
            return Word::literal(path);
        }
        Template(vec![Piece::Variable(self), Piece::Literal(format!("/{path}"))])
    }
}

/// The text with all locations filled in. A target gives each of them a place, so none is missing.
#[must_use]
pub fn located(word: &Word, locations: &Locations) -> String {
    let text = word.fill(|location| locations.get(location).cloned());
    text.unwrap_or_else(|location| format!("{{{location}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_filled_in_and_braces_of_the_user_stay() {
        let locations = Locations::from([(Location::Root, "/srv/sfgen".to_owned())]);
        assert_eq!(
            located(&Location::Root.below("jobs/psi.py"), &locations),
            "/srv/sfgen/jobs/psi.py"
        );
        assert_eq!(located(&Location::Root.below("/etc/key"), &locations), "/etc/key");
        let users = Word::literal("{root} {}");
        let json = serde_json::to_string(&users).unwrap();
        assert_eq!(json, r#""{{root}} {{}}""#);
        let read: Word = serde_json::from_str(&json).unwrap();
        assert_eq!(located(&read, &locations), "{root} {}");
    }

    #[test]
    fn each_location_is_read_back_by_its_name() {
        for (name, location) in NAMES {
            assert_eq!((Location::named(name), location.to_string()), (Ok(location), name.into()));
        }
        assert!(Location::named("etc").is_err());
    }
}
