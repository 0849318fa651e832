//! `manifest.json`: what the tree consists of.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::Digest;

/// Every file that sfgen wrote into a tree. `apply` refuses a tree that does not match it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the tree's format.
    pub format: u32,
    /// SHA-256 of `federation.json`, which all parties compare.
    pub plan: Digest,
    /// The files by their path in the tree.
    #[schemars(with = "BTreeMap<String, ManifestFile>")]
    pub files: BTreeMap<Utf8PathBuf, ManifestFile>,
}

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// SHA-256 of its content.
    pub sha256: Digest,
    /// Its permission bits in octal: git keeps the executable bit only, so no more than that is compared.
    pub mode: String,
}

impl Manifest {
    /// Name of the file in the tree.
    pub const FILE: &'static str = "manifest.json";
}
