//! What `apply` and `run` share: showing a launch, and doing it for all parties of a machine.

use tokio::runtime::Runtime;

use crate::{
    cli::{
        args::SideArgs,
        status::{Failure, Status},
        ui::Ui,
    },
    diag::Sources,
    launch::{
        launcher::{self, LaunchError, PrepareError, events::LaunchEvent},
        machine::side::{Side, SideError, parties},
        processes::{PartyLine, PartyOutcome, Stream, run_side_by_side},
    },
    types::{HostName, PartyName},
};

/// A single-threaded runtime: a launcher waits most of its life, and should be small.
pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system gives an event queue")
}

impl From<SideError> for Failure {
    fn from(error: SideError) -> Self {
        Self::of(Status::NotReady, &error)
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        let status = match &error {
            PrepareError::Interrupted => Status::Interrupted,
            PrepareError::Side(_)
            | PrepareError::OtherTarget { .. }
            | PrepareError::State(_)
            | PrepareError::NotReady { .. }
            | PrepareError::Python(_)
            | PrepareError::Fs(_) => Status::NotReady,
        };
        Self::of(status, &error)
    }
}

impl From<LaunchError> for Failure {
    fn from(error: LaunchError) -> Self {
        let status = match &error {
            LaunchError::Identity(_) | LaunchError::Meeting(_) | LaunchError::Fs(_) => {
                Status::NotReady
            }
            LaunchError::Specs(_)
            | LaunchError::Service { .. }
            | LaunchError::Differs(_)
            | LaunchError::Absent { .. } => Status::Failed,
        };
        Self::of(status, &error)
    }
}

/// Reads the side that the arguments name, for this party.
pub(super) fn read_side(
    args: &SideArgs,
    party: &PartyName,
    host: Option<&HostName>,
) -> Result<Side, Failure> {
    Ok(launcher::read_side(&args.tree, args.root.as_deref(), party, host)?)
}

/// Shows what happens during a launch.
pub(super) struct Show<'a> {
    ui: &'a Ui,
    party: PartyName,
    /// What was said last of missing peers, so that it is said again only when it changes.
    last_wait: Option<String>,
}

impl<'a> Show<'a> {
    pub(super) fn new(ui: &'a Ui, party: &PartyName) -> Self {
        Self { ui, party: party.clone(), last_wait: None }
    }

    pub(super) fn event(&mut self, event: LaunchEvent) {
        let party = &self.party;
        let line = match event {
            LaunchEvent::Phase(phase) => format!("{party}: {phase}"),
            LaunchEvent::Service { name, what } => format!("{party}: service {name} {what}"),
            LaunchEvent::Met(peer) => {
                self.last_wait = None;
                format!("{party}: met {peer}")
            }
            LaunchEvent::Gone { party: peer, why } => format!("{party}: {peer} {why}"),
            LaunchEvent::Refused(why) => format!("{party}: turned away {why}"),
            LaunchEvent::Note(note) => format!("{party}: {note}"),
            LaunchEvent::Findings(findings) => {
                self.ui.findings(&findings, &Sources::default());
                return;
            }
            LaunchEvent::Waiting { missing, left } => {
                let words = missing.iter().map(|(peer, endpoint, why)| {
                    let why = why.as_ref().map(|why| format!(", who {why}")).unwrap_or_default();
                    format!("{peer} at {endpoint}{why}")
                });
                let words = words.collect::<Vec<_>>().join("; ");
                let left = format!("{party}: waiting for {words}; {} s left", left.as_secs());
                if self.ui.progress(&left) || self.last_wait.as_ref() == Some(&words) {
                    return;
                }
                self.last_wait = Some(words);
                left
            }
        };
        self.ui.note(line);
    }
}

/// Runs this program once per party, with `--party NAME` in place of `--all`, until all have ended. What they say is
/// shown on stderr with the party's name.
pub(super) fn for_all(
    args: &SideArgs,
    command: &[&str],
    ui: &Ui,
) -> Result<Vec<PartyOutcome>, Failure> {
    let not_ready = |why: String| Failure::new(Status::NotReady, why);
    let program = std::env::current_exe().map_err(|why| not_ready(why.to_string()))?;
    let programs = parties(&args.tree)?.into_iter().map(|party| {
        let mut child = tokio::process::Command::new(&program);
        child.args(command).args(["--party", party.as_str(), "--tree", args.tree.as_str()]);
        child.args(args.root.iter().flat_map(|root| ["--root", root.as_str()]));
        child.args(["--wait", &args.wait.to_string()]);
        (party, child)
    });
    let mut show = |PartyLine { party, stream, text }: PartyLine| {
        let has_name = text.starts_with(&format!("{party}: "));
        let sign = if stream == Stream::Stdout { '|' } else { ':' };
        ui.note(if has_name { text } else { format!("{party}{sign} {text}") });
    };
    let ran = runtime().block_on(run_side_by_side(programs.collect(), &mut show));
    ran.map_err(|(party, why)| not_ready(format!("{party}: {why}")))
}

/// The status of a command that was run for all parties: the worst of theirs.
pub(super) fn worst(outcomes: &[PartyOutcome]) -> Status {
    let status = |outcome: &PartyOutcome| outcome.status.map_or(Status::Failed, Status::of_code);
    outcomes.iter().map(status).max_by_key(|status| status.rank()).unwrap_or(Status::Done)
}
