//! What sfgen knows about runtimes: facts that change with their releases, as data.
//!
//! One file per release in `runtimes/`, embedded in the binary. An unknown release is a finding of `check`; this
//! module only looks up.

mod listeners;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;

pub use listeners::{ListeningProgram, listening_program};

/// Facts about one release of a runtime.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// `secretflow`.
    pub name: String,
    /// Version, as on PyPI.
    pub version: String,
    /// The Python for which its wheels exist, `major.minor`.
    pub python: String,
    /// Its engines by name.
    pub engines: BTreeMap<String, EngineFacts>,
    /// What messages of peers must be allowed to unpickle.
    pub deserialize: DeserializeFacts,
    /// MPC protocols of SPU by name.
    pub protocols: BTreeMap<String, ProtocolFacts>,
    /// Rings of SPU by name.
    pub fields: BTreeMap<String, FieldFacts>,
    /// PSI protocols by name.
    #[serde(default)]
    pub psi: BTreeMap<String, PsiFacts>,
}

/// Names by module; `*` for all of a module.
pub type AllowList = BTreeMap<String, BTreeSet<String>>;

/// Facts about an engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineFacts {
    /// Which requirement list it is installed from.
    pub requirements: String,
    /// Whether its cross-silo link can do TLS.
    pub tls: bool,
    /// Back-ends of the cross-silo link that take `tls_config` and send plain text all the same.
    #[serde(default)]
    pub plain_back_ends: BTreeSet<String>,
    /// Whether it enforces a list of what may be unpickled.
    pub allow_list: bool,
}

/// What messages of peers must be allowed to unpickle, by what a topology declares.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeserializeFacts {
    /// Arrays and errors, always.
    pub always: AllowList,
    /// For SPUs.
    pub spu: AllowList,
    /// For HEUs.
    pub heu: AllowList,
}

/// Facts about an MPC protocol.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolFacts {
    /// Fewest and most parties.
    pub parties: (u16, u16),
    /// Whether the inputs stay secret.
    #[serde(default = "yes")]
    pub private: bool,
    /// Whether HEU can hand values over to an SPU with it.
    #[serde(default)]
    pub heu: bool,
}

/// Facts about a ring.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFacts {
    /// Whether fixed-point numbers keep a useful precision.
    pub fixed_point: bool,
}

/// Facts about a protocol for private set intersection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PsiFacts {
    /// Fewest and most parties.
    pub parties: (u16, u16),
}

fn yes() -> bool {
    true
}

const EMBEDDED: [&str; 4] = [
    include_str!("../../runtimes/secretflow-1.11.0b1.toml"),
    include_str!("../../runtimes/secretflow-1.12.0b0.toml"),
    include_str!("../../runtimes/secretflow-1.13.0b0.toml"),
    include_str!("../../runtimes/secretflow-1.14.0b0.toml"),
];
const REQUIREMENTS: &[(&str, &str, &str)] = &[
    ("1.11.0b1", "ray", include_str!("../../runtimes/secretflow-1.11.0b1.ray.txt")),
    ("1.11.0b1", "threads", include_str!("../../runtimes/secretflow-1.11.0b1.threads.txt")),
    ("1.12.0b0", "ray", include_str!("../../runtimes/secretflow-1.12.0b0.ray.txt")),
    ("1.12.0b0", "threads", include_str!("../../runtimes/secretflow-1.12.0b0.threads.txt")),
    ("1.13.0b0", "ray", include_str!("../../runtimes/secretflow-1.13.0b0.ray.txt")),
    ("1.13.0b0", "threads", include_str!("../../runtimes/secretflow-1.13.0b0.threads.txt")),
    ("1.14.0b0", "threads", include_str!("../../runtimes/secretflow-1.14.0b0.threads.txt")),
];

/// What `pip install` and `uv pip install` are told about a list of requirements: nothing that the list does not name,
/// no file whose hash the list does not have, and no program of a package before it is installed, as a build would run.
pub const INSTALL_OPTIONS: [&str; 4] = ["--no-deps", "--require-hashes", "--only-binary", ":all:"];

static RELEASES: LazyLock<Vec<Release>> = LazyLock::new(|| {
    let parse = |text| toml::from_str(text).expect("a test reads every embedded release");
    EMBEDDED.map(parse).into()
});

/// Every known release of SecretFlow, oldest first.
#[must_use]
pub fn releases() -> &'static [Release] {
    &RELEASES
}

/// The release of that version.
#[must_use]
pub fn release(version: &str) -> Option<&'static Release> {
    releases().iter().find(|release| release.version == version)
}

impl Release {
    /// The pinned requirements of an engine, complete: each `name==version` with the hashes of its files, to be installed
    /// with [`INSTALL_OPTIONS`].
    #[must_use]
    pub fn requirements(&self, engine: &str) -> Option<&'static str> {
        let list = &self.engines.get(engine)?.requirements;
        let found =
            REQUIREMENTS.iter().find(|(version, name, _)| *version == self.version && name == list);
        found.map(|(_, _, text)| *text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_release_can_be_read_and_has_its_requirements() {
        for release in releases() {
            for engine in release.engines.keys() {
                let text = release.requirements(engine).expect("a list for each engine");
                assert!(text.starts_with("aiobotocore=="), "{engine}");
                assert!(!release.python.is_empty());
            }
        }
    }
}
