//! Paths on a party's machine.

use std::str::FromStr;

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{account::Home, text::checked_text};

/// A file or folder on a party's machine: an absolute path, without a slash at its end.
///
/// Units, compose files and shells all spell it without quotes or escapes.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^/[A-Za-z0-9_./@+-]+$"))]
pub struct MachinePath(String);

checked_text!(MachinePath);

impl MachinePath {
    /// The path.
    #[must_use]
    pub fn as_path(&self) -> &Utf8Path {
        Utf8Path::new(&self.0)
    }

    /// Whether `path` is this one or lies below it.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        Utf8Path::new(path).starts_with(self.as_path())
    }
}

impl FromStr for MachinePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let home: Result<Home, _> = text.parse();
        let home =
            home.map_err(|_| format!("a path on a machine is {}; not {text:?}", Home::RULE))?;
        // Components, so that `/a//b` is the same path as `/a/b`.
        Ok(Self(home.as_path().components().collect::<camino::Utf8PathBuf>().into_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_on_a_machine_is_absolute_and_has_one_spelling() {
        assert_eq!("/data//psi/".parse::<MachinePath>().unwrap().as_str(), "/data/psi");
        for bad in ["", "/", "data", "./data", "/data/../etc", "/my data", "/data:ro", "/d%h"] {
            assert!(bad.parse::<MachinePath>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_folder_holds_itself_and_what_is_below_it_and_no_longer_name() {
        let data: MachinePath = "/data".parse().unwrap();
        assert!(data.holds("/data") && data.holds("/data/in.csv"));
        assert!(!data.holds("/data2/in.csv") && !data.holds("/dat"));
    }
}
