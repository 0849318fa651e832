//! Files beside the topology.

use camino::Utf8Path;

use crate::syntax::{self, Workspace};

/// What is committed with the topology lies beside it.
const OUTSIDE: &str = "the path leads out of the folder of the topology";

/// The bytes of a file that the topology names; `None` where there is none.
pub(super) fn read(workspace: &dyn Workspace, path: &Utf8Path) -> Result<Option<Vec<u8>>, String> {
    let path = syntax::normalise(path).ok_or_else(|| OUTSIDE.to_owned())?;
    workspace.read(&path)
}
