//! A tree that is older than the topology beside it.

use std::collections::BTreeSet;

use camino::Utf8Path;
use time::OffsetDateTime;

use crate::{
    cli::{
        disk::{DiskWorkspace, LOCK, topology_in},
        ui::Ui,
    },
    compile::{Input, Output, compile},
    diag::{Code, Finding, Sources},
    fs::{self, Kind},
    launch::machine::side::Side,
};

/// Planning again would change what the launcher reads.
const STALE: Code = Code("SF0888");

/// Warns where planning the topology beside the tree would change what the launchers of these parties go by. Says nothing
/// where that cannot be told: no topology or lock is there, or it has errors, or it is the topology of another tree.
pub(super) fn warn(sides: &[Side], ui: &Ui) {
    if let Some(finding) = look(sides) {
        ui.findings(&[finding], &Sources::default());
    }
}

/// The sides are of one tree, so the topology is compiled once for all of them.
fn look(sides: &[Side]) -> Option<Finding> {
    let side = sides.first()?;
    let topology = topology_in(&side.root);
    if !matches!(fs::kind(&topology), Ok(Kind::File { .. })) {
        return None;
    }
    let (workspace, root) = DiskWorkspace::of(&topology).ok()?;
    if fs::kind(&workspace.folder().join(LOCK)).ok()? == Kind::Absent {
        return None;
    }
    let compilation = compile(&Input {
        workspace: &workspace,
        root: &root,
        lock: LOCK.into(),
        mode: Some(side.plan.mode),
        now: OffsetDateTime::now_utc(),
    });
    let planned =
        compilation.output.filter(|it| it.federation.topology == side.federation.topology)?;
    let changed: BTreeSet<String> = sides.iter().flat_map(|side| changed(side, &planned)).collect();
    if changed.is_empty() {
        return None;
    }
    let tree = side.tree.file_name().unwrap_or(side.tree.as_str());
    let message = format!(
        "`{tree}` is older than `{root}`: `sfgen plan` would change {}",
        changed.into_iter().collect::<Vec<_>>().join(", ")
    );
    Some(Finding::warning(STALE, message).help(
        "plan again, commit the tree, and let all parties pull it; now the tree is launched as it is",
    ))
}

/// Those of the files that a launcher reads which planning again would change.
fn changed(side: &Side, planned: &Output) -> Vec<String> {
    let own = format!("{}/plan.json", side.party());
    let files = ["federation.json".to_owned(), own];
    let is_other = |file: &String| {
        let now = planned.tree.get(file).map(|artifact| &*artifact.bytes);
        now != side.file(Utf8Path::new(file))
    };
    files.into_iter().filter(is_other).map(|file| format!("`{file}`")).collect()
}
