//! What is installed, and on which machine.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    InstallError,
    machine::{Machine, Ran},
    record::Place,
    words,
};
use crate::{
    fs,
    launch::machine::side::Side,
    plan::{Action, Stage, Step, TREE},
    types::TreePath,
};

/// One host's side of a plan, and the machine that is this host.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The verified plan.
    pub side: &'a Side,
    /// The machine.
    pub machine: &'a dyn Machine,
}

impl Site<'_> {
    /// Whose installation it is.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            topology: self.side.federation.topology.clone(),
            party: self.side.party().clone(),
            host: self.side.host_name.clone(),
        }
    }

    /// The steps of a stage, in order. Their paths are those of this machine, so that they can be taken back from anywhere;
    /// only what is copied is named as the tree names it.
    pub fn steps(&self, stage: Stage) -> impl Iterator<Item = Step> {
        let steps = self.side.host().steps.iter().filter(move |step| step.stage == stage);
        steps.map(move |Step { stage, action }| {
            let action = action.with_paths(|path| self.here(path));
            Step { stage: *stage, action }
        })
    }

    /// Whether only root may install it.
    #[must_use]
    pub fn needs_root(&self) -> bool {
        let mut steps = self.steps(Stage::Install).chain(self.steps(Stage::Start));
        steps.any(|step| step.action.needs_root())
    }

    /// Where a path of a step, relative to the folder of the topology unless absolute, lies here. A step has the tree in
    /// its usual folder, wherever it is.
    #[must_use]
    pub fn here(&self, path: &Utf8Path) -> Utf8PathBuf {
        match path.strip_prefix(TREE) {
            Ok(in_tree) => self.side.tree.join(in_tree),
            Err(_) => self.side.root.join(path),
        }
    }

    /// The content of a file that a step installs: of the tree, the bytes that were verified.
    pub fn content(&self, from: &Utf8Path) -> Result<Vec<u8>, InstallError> {
        let in_tree = from.strip_prefix(TREE).ok();
        let verified = in_tree.and_then(|path| {
            let path: TreePath = path.as_str().parse().ok()?;
            self.side.file(path.as_ref())
        });
        match verified {
            Some(bytes) => Ok(bytes.to_vec()),
            None => Ok(fs::read(&self.here(from))?),
        }
    }

    /// Runs the command of an action, in the folder of the topology, to which its paths may be relative.
    pub fn run(&self, action: &Action) -> Result<(), InstallError> {
        run(self.machine, action, &self.side.root)
    }
}

/// Runs the command of an action in a folder.
pub(super) fn run(
    machine: &dyn Machine,
    action: &Action,
    folder: &Utf8Path,
) -> Result<(), InstallError> {
    command(machine, &words::action(action), &action.command(), folder).map(|_| ())
}

/// Runs a command that does what `step` says; returns what it printed as its result.
pub(super) fn command(
    machine: &dyn Machine,
    step: &str,
    command: &[String],
    folder: &Utf8Path,
) -> Result<String, InstallError> {
    Ok(ran(machine, step, command, folder)?.stdout)
}

/// Runs a command that does what `step` says.
pub(super) fn ran(
    machine: &dyn Machine,
    step: &str,
    command: &[String],
    folder: &Utf8Path,
) -> Result<Ran, InstallError> {
    let failed = |why: String| InstallError::Step {
        step: step.to_owned(),
        command: words::shell(command),
        why,
    };
    let ran = machine.run(command, folder).map_err(|why| {
        let program = command.first().map_or("", String::as_str);
        failed(format!("`{program}`: {}", fs::reason(&why)))
    })?;
    if ran.is_success() {
        return Ok(ran);
    }
    Err(failed(words::last_words(&ran)))
}
