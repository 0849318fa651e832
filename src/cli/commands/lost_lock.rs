//! A lock that is gone while the tree that was planned with it is still there.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    cli::{
        disk::{DiskWorkspace, LOCK, tree_or_default},
        status::{Failure, Status},
    },
    diag::{Code, Finding},
    fs::{self, Kind},
    output::TreePorts,
};

/// The lock is gone, and a tree that was planned with one is there.
const LOST: Code = Code("SF0607");

/// Where the tree is, and whether it may stand in for the lock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IfLost<'a> {
    /// The folder of the tree, `generated` unless named.
    pub(super) out: Option<&'a Utf8PathBuf>,
    /// Whether its ports are taken.
    pub(super) takes_tree: bool,
}

/// What was found beside the topology.
pub(super) enum Found {
    /// A lock, or neither lock nor tree.
    Usual,
    /// A tree without a lock.
    Lost(Finding),
    /// The lock that a tree yields, as its file would be.
    FromTree(String),
}

/// Looks for lock and tree.
pub(super) fn look(workspace: &DiskWorkspace, if_lost: IfLost<'_>) -> Result<Found, Failure> {
    let lock = workspace.named().join(LOCK);
    let is_gone = fs::kind(&lock)? == Kind::Absent;
    let out = tree_or_default(if_lost.out, workspace);
    let tree = if is_gone { TreePorts::read(&out)? } else { None };
    match (tree, if_lost.takes_tree) {
        (None, false) => Ok(Found::Usual),
        (None, true) => Err(not_lost(&lock, &out, is_gone)),
        (Some(tree), true) if tree.is_whole => Ok(Found::FromTree(tree.to_lock().to_text())),
        (Some(_), true) => Ok(Found::Lost(edited_tree(&lock, &out))),
        (Some(_), false) => Ok(Found::Lost(lost(&lock, &out))),
    }
}

impl Found {
    /// What is read in place of files.
    pub(super) fn files(&self) -> BTreeMap<Utf8PathBuf, Vec<u8>> {
        let Self::FromTree(text) = self else { return BTreeMap::new() };
        BTreeMap::from([(LOCK.into(), text.clone().into_bytes())])
    }

    /// Why nothing can be planned.
    pub(super) fn finding(self) -> Option<Finding> {
        if let Self::Lost(finding) = self { Some(finding) } else { None }
    }
}

fn lost(lock: &Utf8Path, out: &Utf8Path) -> Finding {
    let message = format!(
        "`{lock}` is gone, and `{out}` was planned with it: every port could be numbered anew"
    );
    Finding::error(LOST, message).help(format!(
        "restore it: `git restore {lock}`; where git has none, `sfgen plan --lock-from-tree` takes the ports from `{out}`"
    ))
}

fn edited_tree(lock: &Utf8Path, out: &Utf8Path) -> Finding {
    let message = format!("`{lock}` is gone, and plans in `{out}` are not as they were written");
    Finding::error(LOST, message).help(format!(
        "restore the tree first: `git restore {out}`; a lock cannot be made from files that were edited"
    ))
}

fn not_lost(lock: &Utf8Path, out: &Utf8Path, is_gone: bool) -> Failure {
    let message = if is_gone {
        format!("there is no tree in `{out}` from which `--lock-from-tree` could take ports")
    } else {
        format!("`{lock}` is there; `--lock-from-tree` is for a lock that is lost")
    };
    Failure::new(Status::Usage, message).help("run `sfgen plan` without `--lock-from-tree`")
}
