//! `sfgen run JOB --mode simulation`: a job of a topology, all of its parties in one process on this machine.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    cli::{
        args::SideArgs,
        disk::topology_in,
        status::{Failure, Status},
        ui::Ui,
    },
    compile::compile_on_one_machine,
    fs,
    launch::machine::{
        side::{Side, SideError},
        state::{Folders, StateError},
    },
    output::{compare, lock_workspace, write},
    plan::Federation,
    types::{Digest, PartyName},
};

use super::{
    compiling::{compile_path, is_fatal},
    lost_lock::IfLost,
};

/// Plans the topology beside the tree as a simulation on this machine, and returns the side that runs its jobs. Lock and
/// tree of the topology stay as they are. `None` where the topology has findings, which are shown.
pub(super) fn planned(args: &SideArgs, ui: &Ui) -> Result<Option<Side>, Failure> {
    let folder = args.root.as_deref().or(args.tree.parent()).unwrap_or(Utf8Path::new(""));
    let topology = topology_in(folder);
    let if_lost = IfLost { out: None, takes_tree: false };
    let command = "sfgen plan --mode simulation";
    let (workspace, compilation) =
        compile_path(command, Some(&topology), None, if_lost, compile_on_one_machine)?;
    ui.findings(&compilation.findings, &compilation.sources);
    let fatal = is_fatal(&compilation, false);
    let Some(output) = compilation.output.filter(|_| !fatal) else { return Ok(None) };
    let place = place(workspace.folder())?;
    // Two runs of one topology write the same; the second finds it written.
    let lock = lock_workspace(&place)?.ok_or_else(|| {
        Failure::new(Status::NotReady, format!("another `sfgen` is writing in `{place}`"))
            .help("wait until it is done")
    })?;
    let tree = place.join("generated");
    let mut comparison = compare(&output.tree, output.digest, &tree)?;
    if !comparison.obstacles.is_empty() || !comparison.unlisted.is_empty() {
        // Nobody's work is in it.
        fs::remove_folder(&tree)?;
        comparison = compare(&output.tree, output.digest, &tree)?;
    }
    write(&comparison, &tree)?;
    drop(lock);
    let leader = leader(&tree, Some(workspace.folder()), &output.federation)?;
    Ok(Some(Side::read(&tree, Some(workspace.folder()), &leader, None)?))
}

/// The party as which the jobs of a simulation run: the one that the topology names first.
pub(super) fn leader(
    tree: &Utf8Path,
    root: Option<&Utf8Path>,
    federation: &Federation,
) -> Result<PartyName, SideError> {
    let any = federation.parties.keys().next().expect("a plan has parties");
    let side = Side::read(tree, root, any, None)?;
    Ok(side.follows().unwrap_or(any).clone())
}

/// Where the plan of such a simulation lies: beside the logs, since nobody reviews it.
fn place(topology: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    let state = Folders::from_env().state.ok_or(StateError::NoHome)?;
    let name = Digest::of(topology.as_str().as_bytes()).short();
    let place = state.join("simulations").join(name);
    fs::create_folder(&place, 0o700)?;
    Ok(place)
}
