//! What is installed in an environment, for the parties to compare.

use std::{collections::BTreeMap, time::Duration};

use super::{PythonError, Venv, child};
use crate::fs;

/// Reading the metadata takes a second from a cold disk.
const LIMIT: Duration = Duration::from_mins(1);

/// `secretflow-lite` is the same code as `secretflow` with fewer dependencies, so it goes by the same name.
const ASK_VERSIONS: &str = "
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {'python': '%d.%d.%d' % sys.version_info[:3]}
for name in ('ray', 'secretflow-lite', 'secretflow', 'secretflow-rayfed', 'sf-heu', 'spu'):
    try:
        found[name.replace('-lite', '')] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
";

/// The versions of `python` (to the patch level), `secretflow`, `ray`, `spu`, `secretflow-rayfed` and `sf-heu`; what is
/// not installed is left out.
///
/// Asked once and kept in the environment's folder: a complete environment does not change.
pub async fn versions(venv: &Venv) -> Result<BTreeMap<String, String>, PythonError> {
    let kept = venv.folder.join("versions.json");
    let known = fs::read_if_exists(&kept)?;
    // One that cannot be read was written by somebody else.
    if let Some(versions) = known.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        return Ok(versions);
    }
    let fail = |answer| PythonError::NoVersions { folder: venv.folder.clone(), answer };
    let mut command = child::command(&venv.bin.join("python"));
    command.args(["-I", "-c", ASK_VERSIONS]);
    let answer = child::ask(command, LIMIT).await.map_err(fail)?;
    let versions = serde_json::from_str(&answer)
        .map_err(|why| fail(format!("answers {answer:?}, which is no JSON ({why})")))?;
    fs::write_atomically(&kept, answer.as_bytes(), 0o600)?;
    Ok(versions)
}
