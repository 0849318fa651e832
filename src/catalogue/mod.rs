//! What sfgen knows about runtimes: facts that change with their releases, as data.
//!
//! One file per release in `runtimes/`, embedded in the binary; a user may have further ones beside a topology. An unknown
//! release is a finding of `check`; this module only looks up and reads.

mod facts;
mod images;
mod listeners;
mod pins;
mod programs;
mod setting;

use std::{borrow::Cow, sync::LazyLock};

pub use facts::{
    AllowList, DeserializeFacts, EngineFacts, FieldFacts, ProtocolFacts, PsiFacts, Release,
};
pub use images::declared_volumes;
pub use listeners::{ListeningProgram, listening_program};
pub use pins::{NoPin, Pin, pins};
pub use programs::packages_of;
pub use setting::{HeuFacts, SettingFacts};

const EMBEDDED: [&str; 4] = [
    include_str!("../../runtimes/secretflow-1.11.0b1.toml"),
    include_str!("../../runtimes/secretflow-1.12.0b0.toml"),
    include_str!("../../runtimes/secretflow-1.13.0b0.toml"),
    include_str!("../../runtimes/secretflow-1.14.0b0.toml"),
];
/// Version and name of a list of requirements, and its text.
const LISTS: &[(&str, &str, &str)] = &[
    ("1.11.0b1", "ray", include_str!("../../runtimes/secretflow-1.11.0b1.ray.txt")),
    ("1.11.0b1", "threads", include_str!("../../runtimes/secretflow-1.11.0b1.threads.txt")),
    ("1.12.0b0", "ray", include_str!("../../runtimes/secretflow-1.12.0b0.ray.txt")),
    ("1.12.0b0", "dashboard", include_str!("../../runtimes/secretflow-1.12.0b0.dashboard.txt")),
    ("1.12.0b0", "threads", include_str!("../../runtimes/secretflow-1.12.0b0.threads.txt")),
    ("1.13.0b0", "ray", include_str!("../../runtimes/secretflow-1.13.0b0.ray.txt")),
    ("1.13.0b0", "dashboard", include_str!("../../runtimes/secretflow-1.13.0b0.dashboard.txt")),
    ("1.13.0b0", "threads", include_str!("../../runtimes/secretflow-1.13.0b0.threads.txt")),
    ("1.14.0b0", "threads", include_str!("../../runtimes/secretflow-1.14.0b0.threads.txt")),
];

/// What `pip install` and `uv pip install` are told about a list of requirements: nothing that the list does not name,
/// no file whose hash the list does not have, and no program of a package before it is installed, as a build would run.
pub const INSTALL_OPTIONS: [&str; 4] = ["--no-deps", "--require-hashes", "--only-binary", ":all:"];

static RELEASES: LazyLock<Vec<Release>> = LazyLock::new(|| {
    let parse = |text| {
        let mut release: Release =
            toml::from_str(text).expect("a test reads every embedded release");
        let own = LISTS.iter().filter(|(version, ..)| *version == release.version);
        release.lists =
            own.map(|(_, name, text)| ((*name).to_owned(), Cow::Borrowed(*text))).collect();
        release
    };
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
            for name in release.list_names() {
                assert!(release.lists.contains_key(name), "{name}");
            }
        }
    }
}
