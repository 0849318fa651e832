//! What the commands share that compile a topology.

use camino::Utf8PathBuf;
use time::OffsetDateTime;

use crate::{
    cli::{
        args::ModeChoice,
        disk::{DiskWorkspace, LOCK},
        status::{Failure, Status},
        topology::{locate, naming, to_be_named},
    },
    compile::{Compilation, Input},
    diag::{Finding, Severity},
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

/// Compiles the topology that was named, or the usual one, with what lies beside it. `command` is what is written before
/// the name.
pub(super) fn compile_path(
    command: &str,
    named: Option<&Utf8PathBuf>,
    mode: Option<ModeChoice>,
    if_lost: IfLost<'_>,
    compile: fn(&Input<'_>) -> Compilation,
) -> Result<(DiskWorkspace, Compilation), Failure> {
    let (workspace, root) = match locate(named, command) {
        Ok(found) => found,
        Err(finding) => {
            return Ok((DiskWorkspace::of("".into())?.0, Compilation::failed(*finding)));
        }
    };
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
    name_topology(&mut compilation.findings, named);
    Ok((workspace, compilation))
}

/// Lets helps name the topology where it is not the one that would be found without a name.
fn name_topology(findings: &mut [Finding], named: Option<&Utf8PathBuf>) {
    let Some(topology) = to_be_named(named) else { return };
    for help in findings.iter_mut().filter_map(|finding| finding.help.as_mut()) {
        *help = naming(help, topology);
    }
}

/// Whether findings end the command: an error does, a warning where warnings are denied.
pub(super) fn is_fatal(compilation: &Compilation, deny_warnings: bool) -> bool {
    let severities = compilation.findings.iter().map(|finding| finding.severity);
    severities.into_iter().any(|severity| deny_warnings || severity == Severity::Error)
}
