//! What a container sees of the machine's files.

use serde::Serialize;

use crate::plan::{Access, Locations, Process, located};

/// Data of the machine in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct MountView {
    source: String,
    target: String,
    read_only: bool,
}

/// A secret of the machine in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct SecretView {
    /// Its name in the compose file, in which other containers may have another secret of the same name.
    key: String,
    name: String,
    file: String,
}

/// The data that a process works with.
pub(super) fn mounts(process: &Process, locations: &Locations) -> Vec<MountView> {
    let mounts = process.paths.iter().filter_map(|used| {
        let target = used.mounted_at.as_ref()?.to_string();
        let source = located(&used.path, locations);
        Some(MountView { source, target, read_only: used.access == Access::Read })
    });
    mounts.collect()
}

/// The secrets that it reads.
pub(super) fn secrets(process: &Process) -> Vec<SecretView> {
    let secrets = process.secrets.iter().map(|secret| SecretView {
        key: format!("{}.{}", process.name, secret.name),
        name: secret.name.to_string(),
        file: secret.file.to_string(),
    });
    secrets.collect()
}
