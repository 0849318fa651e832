//! What a changed file means for the machines it is for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What has to be done before a changed file counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Launcher and services start anew with it.
    Restart,
    /// The firewall is loaded anew.
    Firewall,
    /// Units or containers are installed anew.
    Install,
    /// The launchers meet anew with these certificates.
    Trust,
    /// Only people and other programs read it.
    Read,
}

impl Effect {
    /// The effect in words, as `plan` prints it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Firewall => "load the firewall again",
            Self::Install => "install and restart",
            Self::Trust => "restart with other certificates",
            Self::Read => "for readers",
        }
    }
}
