//! What `apply` and `run` share: showing a launch, and doing it for all parties of a machine.

use std::time::Duration;

use tokio::runtime::Runtime;

use crate::{
    cli::{
        args::SideArgs,
        status::{Failure, Status},
        ui::Ui,
    },
    diag::Sources,
    launch::{
        launcher::{LaunchError, PrepareError, events::LaunchEvent},
        machine::{
            installed_launcher::InstalledLauncherError,
            side::{Side, SideError},
            state::StateError,
        },
        peers::lockstep::UnknownJob,
        processes::{Onlooker, PartyLine, PartyOutcome, Stream, end_with_parent, run_side_by_side},
    },
    types::{HostName, PartyName},
};

use super::stale_tree;

/// A single-threaded runtime: a launcher waits most of its life, and should be small.
pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system gives an event queue")
}

/// How long the programs of other parties get to end by themselves, once a run or launcher has failed at one: they learn
/// of it within 3 seconds where they had met, and their processes have a grace period.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

fn status_of(error: &SideError) -> Status {
    match error {
        SideError::UnknownParty { .. } | SideError::UnknownHost { .. } => Status::Usage,
        SideError::Absent { .. }
        | SideError::NoTree { .. }
        | SideError::Changed { .. }
        | SideError::Unlisted { .. }
        | SideError::Unusable { .. }
        | SideError::NoFolder { .. }
        | SideError::Fs(_) => Status::NotReady,
    }
}

impl From<SideError> for Failure {
    fn from(error: SideError) -> Self {
        Self::of(status_of(&error), &error)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::of(Status::NotReady, &error)
    }
}

impl From<InstalledLauncherError> for Failure {
    fn from(error: InstalledLauncherError) -> Self {
        Self::of(Status::NotReady, &error)
    }
}

impl From<UnknownJob> for Failure {
    fn from(error: UnknownJob) -> Self {
        Self::of(Status::Usage, &error)
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        let status = match &error {
            PrepareError::Interrupted => Status::Interrupted,
            PrepareError::Stopped => Status::Failed,
            PrepareError::Side(error) => status_of(error),
            PrepareError::OtherTarget { .. }
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
            LaunchError::Specs(_) | LaunchError::Service { .. } | LaunchError::Absent { .. } => {
                Status::Failed
            }
        };
        Self::of(status, &error)
    }
}

/// Reads the side that the arguments name, for this party; warns where its tree is older than the topology beside it.
pub(super) fn read_side(
    args: &SideArgs,
    party: &PartyName,
    host: Option<&HostName>,
    ui: &Ui,
) -> Result<Side, Failure> {
    let side = Side::read(&args.tree, args.root.as_deref(), party, host)?;
    if args.one_of_all.is_none() {
        stale_tree::warn(std::slice::from_ref(&side), ui);
    }
    Ok(side)
}

/// Ties this process to the one that was asked for `--all` and started it, where one did: it ends in whatever way that
/// one does, and its guards then end what it has started. `false` where that one is gone already.
pub(super) fn is_wanted(args: &SideArgs) -> bool {
    args.one_of_all.is_none_or(end_with_parent)
}

/// Shows what happens during a launch.
pub(super) struct Show<'a> {
    ui: &'a Ui,
    party: PartyName,
    wait: Wait,
}

/// The line that names who is waited for. On a terminal it is kept up to date, elsewhere it is said when it changes.
#[derive(Debug, Default)]
pub(super) struct Wait {
    said: Option<String>,
}

impl Wait {
    /// Says who is waited for, and `then`, which is what happens in the end.
    pub(super) fn show(&mut self, ui: &Ui, party: &PartyName, whom: &str, then: &str) {
        let line = format!("{party}: waiting for {whom}; {then}");
        if !ui.progress(&line) && self.said.as_deref() != Some(whom) {
            ui.note(line);
        }
        self.said = Some(whom.to_owned());
    }
}

impl<'a> Show<'a> {
    pub(super) fn new(ui: &'a Ui, party: &PartyName) -> Self {
        Self { ui, party: party.clone(), wait: Wait::default() }
    }

    pub(super) fn event(&mut self, event: LaunchEvent) {
        let party = &self.party;
        let line = match event {
            LaunchEvent::Listening => return,
            LaunchEvent::Phase(phase) => format!("{party}: {phase}"),
            LaunchEvent::Service { name, what } => format!("{party}: service {name} {what}"),
            LaunchEvent::Met(peer) => {
                self.wait = Wait::default();
                format!("{party}: met {peer}")
            }
            LaunchEvent::Gone { party: peer, why } => format!("{party}: {peer} {why}"),
            LaunchEvent::Host { host, what } => format!("{party}: host {host} {what}"),
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
                let then = match left {
                    Some(left) => format!("gives up in {} s", left.as_secs()),
                    None => "stays up until they are back".to_owned(),
                };
                self.wait.show(self.ui, party, &words, &then);
                return;
            }
            LaunchEvent::Left(peer) => {
                format!("{party}: {peer}'s run is over, and its launcher has ended")
            }
            LaunchEvent::RunEnded { job, run, failure } => {
                let run = run.map(|run| format!("run {run} of ")).unwrap_or_default();
                match failure {
                    None => format!("{party}: {run}job `{job}` ended well at all parties"),
                    Some(why) => format!("{party}: {run}job `{job}` failed: {why}"),
                }
            }
        };
        self.ui.note(line);
    }
}

/// Runs this program once for each of the parties, with `--party NAME` in place of `--all`, until all have ended. What they
/// say is shown on stderr with the party's name. Where one cannot take part, the others are ended too.
pub(super) fn for_all(
    args: &SideArgs,
    parties: impl Iterator<Item = PartyName>,
    command: &[&str],
    ui: &Ui,
) -> Result<Vec<PartyOutcome>, Failure> {
    let not_ready = |why: String| Failure::new(Status::NotReady, why);
    let program = std::env::current_exe().map_err(|why| not_ready(why.to_string()))?;
    let parties: Vec<PartyName> = parties.collect();
    // A side that cannot be read is told by the program that is started for it.
    let read = |party| Side::read(&args.tree, args.root.as_deref(), party, None).ok();
    let sides: Vec<Side> = parties.iter().filter_map(read).collect();
    stale_tree::warn(&sides, ui);
    let programs = parties.into_iter().map(|party| {
        let mut child = tokio::process::Command::new(&program);
        child.args(command).args(["--party", party.as_str(), "--tree", args.tree.as_str()]);
        child.args(["--one-of-all", &std::process::id().to_string()]);
        child.args(args.root.iter().flat_map(|root| ["--root", root.as_str()]));
        child.args(["--wait", &args.wait.to_string()]);
        (party, child)
    });
    let ran = runtime().block_on(run_side_by_side(programs.collect(), &mut ShowAll { ui }));
    ran.map_err(|(party, why)| not_ready(format!("{party}: {why}")))
}

/// Shows what the programs of all parties say.
struct ShowAll<'a> {
    ui: &'a Ui,
}

impl Onlooker for ShowAll<'_> {
    fn said(&mut self, line: PartyLine) {
        let PartyLine { party, stream, text } = line;
        let has_name = text.starts_with(&format!("{party}: "));
        let sign = if stream == Stream::Stdout { '|' } else { ':' };
        self.ui.note(if has_name { text } else { format!("{party}{sign} {text}") });
    }

    fn ended(&mut self, outcome: &PartyOutcome) -> Option<Duration> {
        let party = &outcome.party;
        match status(outcome) {
            Status::Done => None,
            // The others learn of it from each other, and tell the cause.
            Status::Failed | Status::Interrupted => {
                let left = AFTER_FAILURE.as_secs();
                self.ui.note(format!("{party} is over, so the other parties end within {left} s"));
                Some(AFTER_FAILURE)
            }
            Status::Findings | Status::Usage | Status::Drift | Status::NotReady => {
                self.ui.note(format!("{party} cannot take part, so the other parties end too"));
                Some(Duration::ZERO)
            }
        }
    }
}

fn status(outcome: &PartyOutcome) -> Status {
    outcome.status.map_or(Status::Failed, Status::of_code)
}

/// The status of a command that was run for all parties: the worst of theirs. That of a party which was asked to end
/// only follows from another's.
pub(super) fn worst(outcomes: &[PartyOutcome]) -> Status {
    let by_themselves = outcomes.iter().filter(|outcome| !outcome.was_asked);
    by_themselves.map(status).max_by_key(|status| status.rank()).unwrap_or(Status::Done)
}
