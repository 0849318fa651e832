//! What happens before a launch: the side of a party is read, the machine looked at, Python made, the place taken.

use std::{collections::BTreeMap, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;
use tokio::sync::mpsc;

use super::{early::EarlyRequests, events::LaunchEvent, targets};
use crate::{
    diag::Severity,
    fs::{self, FsError},
    launch::{
        local::ClientRequest,
        machine::{
            preflight::{self, Machine},
            python::{self, Packages, PythonError, Search, Venv},
            side::{Side, SideError},
            state::{Deployment, Folders, StateError},
        },
        peers::rendezvous::LauncherPhase,
        processes::{GuardProgram, Signals, Sweeper},
    },
    types::PartyName,
};

/// Releases by name: `python`, `secretflow`, `ray`, `spu`.
pub type Releases = BTreeMap<String, String>;

/// A launch that can begin; [`prepare`] makes it.
pub struct Launch {
    /// The verified plan.
    pub(super) side: Side,
    /// The place on this machine.
    pub(super) deployment: Deployment,
    /// The Python environment, if the runtime needs one, and the releases in it.
    pub(super) venv: Option<(Venv, Releases)>,
    /// How long to wait for peers; for ever where there is no such time.
    pub(super) wait: Option<Duration>,
    /// Whether the launch is for one run only, so that it ends with it.
    pub(super) single: bool,
    /// Requests from within this process, beside those from the socket.
    pub(super) requests: mpsc::Receiver<ClientRequest>,
    /// The socket, and what came there already.
    pub(super) early: EarlyRequests,
    /// What starts programs.
    pub(super) guard: GuardProgram,
    /// Removes the launcher's folder where it is killed.
    pub(super) sweeper: Sweeper,
    /// What asks it to end, caught since before the place was taken: a signal between two steps is not lost.
    pub(super) signals: Signals,
}

/// Why a launch cannot begin on this machine.
#[derive(Debug, Error, Diagnostic)]
pub enum PrepareError {
    /// The tree is absent, edited, or of another release.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Side(#[from] SideError),
    /// The plan is for a target whose processes no launcher starts.
    #[error("{party} deploys with {target}, under which no launcher of `sfgen` starts anything")]
    #[diagnostic(code(SF0882), help("follow `{runbook}`, or plan with `deploy \"process\"`"))]
    OtherTarget {
        /// Whose plan.
        party: PartyName,
        /// `systemd` or `docker`.
        target: &'static str,
        /// The party's instructions, in the tree.
        runbook: Utf8PathBuf,
    },
    /// There is no place for the launcher, or another one has it.
    #[error(transparent)]
    #[diagnostic(transparent)]
    State(#[from] StateError),
    /// Probes found errors, which were reported as [`LaunchEvent::Findings`].
    #[error("this machine is not ready for {party}")]
    NotReady {
        /// Whose launch.
        party: PartyName,
    },
    /// The Python environment cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Python(#[from] PythonError),
    /// SIGINT or SIGTERM came while the environment was made.
    #[error("interrupted while the environment was made")]
    Interrupted,
    /// `sfgen stop` came while the environment was made.
    #[error("stopped while the environment was made")]
    Stopped,
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// The side, if its processes are started by a launcher; `tree` is where it was read, for messages.
pub fn started_by_launcher(side: Side, tree: &Utf8Path) -> Result<Side, PrepareError> {
    let Some(target) = targets::not_by_launcher(&side.plan.deploy) else { return Ok(side) };
    let party = side.party().clone();
    let runbook = tree.join(party.as_str()).join("RUNBOOK.md");
    Err(PrepareError::OtherTarget { party, target, runbook })
}

/// Takes the party's place, looks at the machine, and makes the Python environment.
///
/// `wait` is how long the launch will wait for peers. A launch that is `single` ends with its only run; `requests`
/// come from within this process.
pub async fn prepare(
    side: Side,
    wait: Duration,
    single: bool,
    requests: mpsc::Receiver<ClientRequest>,
    report: &mut (dyn FnMut(LaunchEvent) + Send),
) -> Result<Launch, PrepareError> {
    let mut signals = Signals::catch()?;
    let mut place = Place::take(&side)?;
    match make_ready(&side, &mut place, &mut signals, report).await {
        Ok(venv) => {
            let Place { deployment, guard, sweeper, early } = place;
            let wait = Some(wait);
            Ok(Launch {
                side,
                deployment,
                venv,
                wait,
                single,
                requests,
                early,
                guard,
                sweeper,
                signals,
            })
        }
        Err(why) => Err(place.leave(why).await),
    }
}

/// A place that is taken, with its socket.
pub(super) struct Place {
    pub(super) deployment: Deployment,
    pub(super) guard: GuardProgram,
    pub(super) sweeper: Sweeper,
    pub(super) early: EarlyRequests,
}

impl Place {
    /// Takes the place of a side on this machine.
    pub(super) fn take(side: &Side) -> Result<Self, PrepareError> {
        let folders = Folders::from_env();
        let deployment = Deployment::take(&folders, side.owner())?;
        let fail = |why| FsError::new("start a process for", &deployment.run, why);
        let guard = GuardProgram::this();
        let sweeper = Sweeper::start(&guard, &deployment.run).map_err(fail)?;
        let early = EarlyRequests::take(side.party(), deployment.listener()?).map_err(fail)?;
        Ok(Self { deployment, guard, sweeper, early })
    }

    /// Leaves it because of that, which those are told who asked meanwhile.
    pub(super) async fn leave(self, why: PrepareError) -> PrepareError {
        // Clients may start a new launcher as soon as they hear of the end, so the place must be free by then.
        drop(self.deployment);
        self.sweeper.end().await;
        self.early.turn_away(&why.to_string()).await;
        why
    }
}

/// Looks at the machine and makes the environment, unless a signal or a request ends that.
async fn make_ready(
    side: &Side,
    place: &mut Place,
    signals: &mut Signals,
    report: &mut (dyn FnMut(LaunchEvent) + Send),
) -> Result<Option<(Venv, Releases)>, PrepareError> {
    let Place { deployment, guard, early, .. } = place;
    side.copy_to(&deployment.tree())?;
    fs::remove_folder(&deployment.scripts())?;
    report(LaunchEvent::Phase(LauncherPhase::Preflight));
    look_at_machine(side, report)?;
    tokio::select! {
        made = python_environment(guard, &deployment.venvs, side, report) => made,
        // Dropping the rest ends the installation; an unfinished environment is made again.
        () = signals.next() => Err(PrepareError::Interrupted),
        () = early.until_stopped(side, deployment) => Err(PrepareError::Stopped),
    }
}

pub(super) fn look_at_machine(
    side: &Side,
    report: &mut (dyn FnMut(LaunchEvent) + Send),
) -> Result<(), PrepareError> {
    let env: BTreeMap<String, String> = std::env::vars().collect();
    let findings = preflight::preflight(&Machine {
        plan: &side.plan,
        host: &side.host_name,
        root: &side.root,
        env: &env,
    });
    let findings = findings.into_sorted();
    let has_errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    if !findings.is_empty() {
        report(LaunchEvent::Findings(findings));
    }
    if has_errors {
        return Err(PrepareError::NotReady { party: side.party().clone() });
    }
    Ok(())
}

async fn python_environment(
    guard: &GuardProgram,
    venvs: &Utf8Path,
    side: &Side,
    report: &mut (dyn FnMut(LaunchEvent) + Send),
) -> Result<Option<(Venv, Releases)>, PrepareError> {
    let Some(secretflow) = &side.plan.secretflow else { return Ok(None) };
    let software = &secretflow.software;
    let files = software.files().into_iter();
    let lists = software.lists().into_iter();
    let packages = Packages {
        files: files.map(|name| (name, side.own_file(name).unwrap_or_default())).collect(),
        calls: lists.map(|list| list.options(Utf8Path::new(""), &software.source)).collect(),
    };
    let mut progress = |line: String| report(LaunchEvent::Note(line));
    let found = Search::from_process().find(&secretflow.python).await?;
    let venv = python::environment(guard, venvs, &found, packages, &mut progress).await?;
    let releases = python::versions(&venv).await?;
    Ok(Some((venv, releases)))
}
