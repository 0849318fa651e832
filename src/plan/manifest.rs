//! `manifest.json`: what the tree consists of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{Digest, TreePath};

use super::Effect;

/// Every file that sfgen wrote into a tree. `apply` refuses a tree that does not match it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest's format.
    pub format: u32,
    /// SHA-256 of `federation.json`, which all parties compare.
    pub plan: Digest,
    /// The topology's own templates that files of the tree were made with, by their path below `templates/`, each with
    /// the SHA-256 of its text: reviewers see which files sfgen's own templates did not make, and when one changes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, Digest>,
    /// The files by their path in the tree.
    pub files: BTreeMap<TreePath, ManifestFile>,
}

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// SHA-256 of its content.
    pub sha256: Digest,
    /// Its permission bits in octal: git keeps the executable bit only, so no more than that is compared.
    pub mode: String,
    /// What its change means for the machines it is for; absent in manifests of format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

impl Manifest {
    /// Name of the file in the tree.
    pub const FILE: &'static str = "manifest.json";

    /// The version of the format that this release writes. It reads format 1, too, whose files have no effects.
    pub const FORMAT: u32 = 2;

    /// Whether this release can read the manifest.
    #[must_use]
    pub fn is_known_format(&self) -> bool {
        (1..=Self::FORMAT).contains(&self.format)
    }
}

impl ManifestFile {
    /// What its change means. Of a file that format 1 lists nobody knows, so it is what asks for the most.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect.unwrap_or(Effect::Install)
    }
}
