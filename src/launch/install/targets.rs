//! What installing means for each target: a line per target.

use super::{docker, systemd, target::Target};
use crate::plan::Deploy;

/// What installing means for a party; `None` where its launcher starts the processes itself.
#[must_use]
pub const fn target(deploy: &Deploy) -> Option<&'static Target> {
    match deploy {
        Deploy::Systemd { .. } => Some(&systemd::TARGET),
        Deploy::Docker { .. } => Some(&docker::TARGET),
        Deploy::Process => None,
    }
}
