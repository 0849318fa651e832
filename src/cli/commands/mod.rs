//! One file per command.

pub(super) mod apply;
pub(super) mod check;
pub(super) mod demo;
pub(super) mod explain;
pub(super) mod fmt;
pub(super) mod init;
pub(super) mod job_sum;
pub(super) mod keys;
mod launching;
mod lost_lock;
pub(super) mod mv;
pub(in crate::cli) mod plan;
pub(super) mod run;
pub(super) mod schema;
pub(super) mod status;
pub(super) mod stop;

use camino::Utf8PathBuf;
use time::OffsetDateTime;

use crate::{
    compile::{Compilation, Input},
    diag::Severity,
    output::{WorkspaceLock, lock_workspace},
    syntax::Overlay,
};

use super::{
    args::ModeChoice,
    disk::{DiskWorkspace, topology_or_default},
    status::{Failure, Status},
};
use lost_lock::IfLost;

/// Name of the lock beside the topology.
const LOCK: &str = "sfgen.lock";

/// The folder of the tree: the one that was named, else `generated` beside the topology.
fn tree_or_default(named: Option<&Utf8PathBuf>, workspace: &DiskWorkspace) -> Utf8PathBuf {
    named.cloned().unwrap_or_else(|| workspace.named().join("generated"))
}

/// Keeps other commands from writing lock and tree meanwhile.
fn take_lock(workspace: &DiskWorkspace) -> Result<WorkspaceLock, Failure> {
    lock_workspace(workspace.folder())?.ok_or_else(|| {
        let message = format!("another `sfgen` is writing in `{}`", workspace.folder());
        Failure::new(Status::NotReady, message).help("wait until it is done")
    })
}

/// Compiles the topology that was named, or the usual one, with what lies beside it; `compile` says what for.
fn compile_path(
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
fn is_fatal(compilation: &Compilation, deny_warnings: bool) -> bool {
    let severities = compilation.findings.iter().map(|finding| finding.severity);
    severities.into_iter().any(|severity| deny_warnings || severity == Severity::Error)
}
