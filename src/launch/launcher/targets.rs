//! What launching means for each target: a line per target.

use crate::plan::Deploy;

/// The name of a target that keeps the processes up itself; `None` where the launcher starts them.
pub(super) const fn not_by_launcher(deploy: &Deploy) -> Option<&'static str> {
    match deploy {
        Deploy::Process => None,
        Deploy::Systemd { .. } => Some("systemd"),
        Deploy::Docker { .. } => Some("docker"),
    }
}
