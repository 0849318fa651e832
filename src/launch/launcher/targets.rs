//! What launching means for each target: a line per target.

use crate::plan::Deploy;

/// The name of a target whose processes are started by what a person installs, as the runbook says; `None` where the
/// launcher starts them itself.
pub(super) const fn installed_by_hand(deploy: &Deploy) -> Option<&'static str> {
    match deploy {
        Deploy::Process => None,
        Deploy::Systemd { .. } => Some("systemd"),
        Deploy::Docker { .. } => Some("docker"),
    }
}
