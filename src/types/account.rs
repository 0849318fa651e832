//! The account and the folder of a party's installation.

use std::str::FromStr;

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::checked_text;

/// The account that runs a party's units.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z_][A-Za-z0-9_.-]{0,31}$"))]
pub struct Account(String);

checked_text!(Account);

impl Account {
    /// The rule, for messages.
    pub const RULE: &str = "an account is called by up to 32 letters, digits and `_.-`, and begins with a letter or `_`";
}

impl FromStr for Account {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let first = |c: char| c.is_ascii_alphabetic() || c == '_';
        if text.starts_with(first) && text.len() <= 32 && text.chars().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("{}; not {text:?}", Self::RULE))
    }
}

/// The folder of a party's installation, without a slash at its end.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^/[A-Za-z0-9_./@+-]+$"))]
pub struct Home(String);

checked_text!(Home);

impl Home {
    /// The rule, for messages.
    pub const RULE: &str = "an absolute path of letters, digits and `_./@+-`, without `.` and `..` as parts, which \
        all settings of a unit read alike";

    /// The folder as a path.
    #[must_use]
    pub fn as_path(&self) -> &Utf8Path {
        Utf8Path::new(&self.0)
    }
}

impl FromStr for Home {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./@+-".contains(c);
        let path = Utf8Path::new(text);
        // As components, `/a/./b` and `/a//b` are `/a/b` already.
        let is_normal = |part: &str| part != "." && part != "..";
        if path.is_absolute()
            && path.file_name().is_some()
            && text.chars().all(is_plain)
            && text.split('/').all(is_normal)
        {
            return Ok(Self(text.trim_end_matches('/').to_owned()));
        }
        Err(format!("such a folder is {}; not {text:?}", Self::RULE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_plain() {
        for good in ["secretflow", "_sf", "a.b-c", &"x".repeat(32)] {
            assert!(good.parse::<Account>().is_ok(), "{good}");
        }
        for bad in ["", "1000", "-a", "a b", "ä", "a\n", &"x".repeat(33)] {
            assert!(bad.parse::<Account>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_home_is_an_absolute_path_without_detours() {
        assert_eq!("/opt/sf//".parse::<Home>().unwrap().as_str(), "/opt/sf");
        for bad in
            ["", "/", "//", "opt", "/opt/my sf", "/opt/%h", "/opt/../x", "/a/./b", "/opt/a\n"]
        {
            assert!(bad.parse::<Home>().is_err(), "{bad:?}");
        }
    }
}
