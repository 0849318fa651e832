//! Settings of the runtime that a topology hands on by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// What the value of a setting looks like.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
pub enum SettingFacts {
    /// A whole number, the lowest and the highest included.
    Number {
        /// The lowest.
        least: i64,
        /// The highest.
        most: i64,
    },
    /// True or false.
    Bool,
    /// One of these words.
    Word {
        /// The words.
        words: BTreeSet<String>,
    },
    /// Any text.
    Text,
}

/// What an HEU can be told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeuFacts {
    /// The cryptosystems.
    #[serde(default)]
    pub schemes: BTreeSet<String>,
    /// The types of what is encrypted.
    #[serde(default)]
    pub cleartext_types: BTreeSet<String>,
    /// The encoders, each with the arguments that it takes.
    #[serde(default)]
    pub encoders: BTreeMap<String, BTreeSet<String>>,
}
