//! What the commands share that compile a topology.

use camino::Utf8PathBuf;
use time::OffsetDateTime;

use crate::{
    cli::{
        args::ModeChoice,
        disk::{DiskWorkspace, LOCK, topology_or_default},
        status::{Failure, Status},
    },
    compile::{Compilation, Input},
    diag::Severity,
    output::{WorkspaceLock, lock_workspace},
    syntax::Overlay,
};

use super::lost_lock::{self, IfLost};

/// Keeps other commands from writing lock and tree meanwhile.
pub(super) fn take_lock(workspace: &DiskWorkspace) -> Result<WorkspaceLock, Failure> {
    lock_workspace(workspace.folder())?.ok_or_else(|| {
        let message = format!("another `sfgen` is writing in `{}`", workspace.folder());
        Failure::new(Status::NotReady, message).help("wait until it is done")
    })
}

/// Compiles the topology that was named, or the usual one, with what lies beside it.
pub(super) fn compile_path(
    named: Option<&Utf8PathBuf>,
    mode: Option<ModeChoice>,
    if_lost: IfLost<'_>,
    compile: fn(&Input<'_>) -> Compilation,
) -> Result<(DiskWorkspace, Compilation), Failure> {
    let (workspace, root) = DiskWorkspace::of(&topology_or_default(named))?;
    let lock = lost_lock::look(&workspace, if_lost)?;
    let input = Input {
        workspace: &Overlay { below: &workspace, files: lock.files() },
        root: &root,
        lock: LOCK.into(),
        mode: mode.map(Into::into),
        now: OffsetDateTime::now_utc(),
    };
    let mut compilation = compile(&input);
    if let Some(finding) = lock.finding() {
        compilation.findings.insert(0, finding);
        compilation.output = None;
    }
    Ok((workspace, compilation))
}

/// Whether findings end the command: an error does, a warning where warnings are denied.
pub(super) fn is_fatal(compilation: &Compilation, deny_warnings: bool) -> bool {
    let severities = compilation.findings.iter().map(|finding| finding.severity);
    severities.into_iter().any(|severity| deny_warnings || severity == Severity::Error)
}
