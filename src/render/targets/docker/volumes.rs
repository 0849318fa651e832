//! What a container sees of the machine's files.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    catalogue::declared_volumes,
    plan::{Access, Location, Locations, Process, UID, located},
};

/// A volume of the compose file's own in a container. It outlives containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct VolumeView {
    /// Its name in the compose file.
    pub(super) name: String,
    /// Where it is in the container.
    target: String,
}

/// Data of the machine in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct MountView {
    /// Where it is on the machine.
    source: String,
    /// Where it is in the container.
    target: String,
    /// Whether it may only be read there.
    read_only: bool,
}

/// A secret of the machine in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct SecretView {
    /// Its name in the compose file, in which other containers may have another secret of the same name.
    key: String,
    /// The name under which the container reads it.
    name: String,
    /// The file on the machine.
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

/// Where it keeps what it writes, beside the data of the machine: Ray's folder and logs, and the data of a well-known
/// image, which would lie in a volume without a name else.
pub(super) fn volumes(process: &Process, locations: &Locations) -> Vec<VolumeView> {
    let own = [("run", Location::Run), ("logs", Location::Logs)].into_iter();
    let own = own
        .filter(|(_, location)| process.paths(Access::Write).any(|path| *path == location.word()));
    let own = own.filter_map(|(name, location)| {
        Some(VolumeView { name: name.to_owned(), target: locations.get(&location)?.clone() })
    });
    let declared =
        process.image.as_ref().map_or(&[][..], |image| declared_volumes(image.repository()));
    let is_mounted = |folder: &&String| {
        let mut mounts = process.paths.iter().filter_map(|used| used.mounted_at.as_ref());
        mounts.any(|at| at.as_str() == folder.as_str())
    };
    let declared = declared.iter().filter(|folder| !is_mounted(folder)).map(|folder| VolumeView {
        name: format!("{}{}", process.name, folder.replace('/', "-")),
        target: folder.clone(),
    });
    own.chain(declared).collect()
}

/// The folders in memory of a container whose image cannot be written to: programs expect to write to `/tmp`, and some
/// to run what they have put there.
pub(super) fn temporary(locations: &Locations) -> Vec<String> {
    let home =
        locations.get(&Location::Home).map(|home| format!("{home}:exec,mode=0700,uid={UID}"));
    ["/tmp:exec,mode=1777".to_owned()].into_iter().chain(home).collect()
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
