//! Names of parties, hosts, services, devices and jobs.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;

/// Why a text is not a name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing between the quotes.
    #[error("a name cannot be empty")]
    Empty,
    /// More than 63 bytes, the limit of a DNS label.
    #[error("a name has at most 63 characters, this one has {0}")]
    TooLong(usize),
    /// A character that some artifact could not carry.
    #[error("a name is made of `a-z`, `0-9` and `-`, not {0:?}")]
    Character(char),
    /// A hyphen at an end.
    #[error("a name starts and ends with a letter or a digit")]
    Edge,
}

/// Checks the one rule of all names: a DNS label in lower case.
fn check_label(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if let Some(bad) = text.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        return Err(NameError::Character(bad));
    }
    if text.len() > 63 {
        return Err(NameError::TooLong(text.len()));
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Err(NameError::Edge);
    }
    Ok(())
}

/// Declares a kind of name, so that a host cannot be passed where a party is meant.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// One to 63 of `a-z`, `0-9` and `-`, a letter or digit at both ends.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(extend("pattern" = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
        pub struct $name(#[schemars(with = "String")] SmolStr);

        impl $name {
            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check_label(text).map(|()| Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                check_label(&text).map(|()| Self(text.into()))
            }
        }
    )*};
}

names! {
    /// Name of a topology: part of unit names, container names and state folders.
    TopologyName;
    /// Name of a party: a folder, a certificate name, a Ray resource, `self_party` of SecretFlow.
    PartyName;
    /// Name of a host, unique in the topology: a folder of the tree.
    HostName;
    /// Name of a service of a party.
    ServiceName;
    /// Name of an SPU or HEU.
    DeviceName;
    /// Name of a job.
    JobName;
    /// Name of a container network.
    NetworkName;
    /// Name of a secret of a party: a file's name where its services read it.
    SecretName;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_dns_label_in_lower_case() {
        for good in ["a", "alice", "node1", "ubuntu-2004", &"x".repeat(63)] {
            assert!(good.parse::<PartyName>().is_ok(), "{good}");
        }
        assert_eq!("".parse::<PartyName>(), Err(NameError::Empty));
        assert_eq!("Alice".parse::<PartyName>(), Err(NameError::Character('A')));
        assert_eq!("host_1".parse::<HostName>(), Err(NameError::Character('_')));
        assert_eq!("-a".parse::<PartyName>(), Err(NameError::Edge));
        assert_eq!("x".repeat(64).parse::<PartyName>(), Err(NameError::TooLong(64)));
    }
}
