//! What SecretFlow calls a party.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PartyName, text::checked_text};

/// The name of a party in `cluster_config`, in devices and in `sf.PYU`, where it may differ from the topology's.
///
/// SecretFlow takes any text. This is what also stands in the environment, in JSON and in a resource of Ray as it is.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"))]
pub struct RuntimeParty(String);

checked_text!(RuntimeParty);

impl FromStr for RuntimeParty {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let first = |c: char| c.is_ascii_alphanumeric();
        if text.starts_with(first) && text.len() <= 63 && text.chars().all(is_plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "a party's name for SecretFlow is up to 63 letters, digits and `_.-`, and begins with a letter or digit; not {text:?}"
        ))
    }
}

impl From<&PartyName> for RuntimeParty {
    fn from(name: &PartyName) -> Self {
        Self(name.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_party_is_one_for_secretflow_too() {
        for good in ["alice", "1", "party_1", "Bank.2", "a-b"] {
            assert!(good.parse::<RuntimeParty>().is_ok(), "{good}");
        }
        for bad in ["", "_a", "a b", "a/b", "\u{e9}", &"x".repeat(64)] {
            assert!(bad.parse::<RuntimeParty>().is_err(), "{bad}");
        }
        let label: PartyName = "node-1".parse().unwrap();
        assert_eq!(RuntimeParty::from(&label).as_str().parse(), Ok(label));
    }
}
