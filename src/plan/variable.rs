//! A variable that all processes of a host have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A variable of a host's env file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
