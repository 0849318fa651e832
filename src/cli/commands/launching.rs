//! What `apply` and `run` share: preparing a launch, and showing it.

use std::{collections::BTreeMap, process::Stdio};

use camino::Utf8Path;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::Child,
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::JoinSet,
};

use crate::{
    cli::{
        args::SideArgs,
        status::{Failure, Status},
        ui::Ui,
    },
    diag::Sources,
    fs,
    launch::{
        launcher::{Launch, LaunchError, Releases, events::Event},
        local::Order,
        machine::{
            preflight::{self, Machine},
            python::{self, Search, Venv},
            side::{Side, SideError, parties},
            state::{Deployment, Folders, StateError},
        },
    },
    plan::{Deploy, Mode},
    types::PartyName,
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

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::of(Status::NotReady, &error)
    }
}

impl From<LaunchError> for Failure {
    fn from(error: LaunchError) -> Self {
        let status = match &error {
            LaunchError::Identity(_)
            | LaunchError::Meeting(_)
            | LaunchError::NoControlPort
            | LaunchError::Fs(_) => Status::NotReady,
            LaunchError::Specs(_)
            | LaunchError::Service { .. }
            | LaunchError::Differs(_)
            | LaunchError::Absent { .. } => Status::Failed,
        };
        Self::of(status, &error)
    }
}

/// Reads the side of a party, and makes sure that this machine and this release can launch it.
pub(super) fn read_side(args: &SideArgs, party: &PartyName) -> Result<Side, Failure> {
    let side = Side::read(&args.tree, args.root.as_deref(), party, None)?;
    // Said before anything is looked at: no key and no free port would make a simulation meet.
    if side.plan.mode == Mode::Simulation {
        return Err(LaunchError::NoControlPort.into());
    }
    let target = match &side.plan.deploy {
        Deploy::Process => return Ok(side),
        Deploy::Systemd { .. } => "systemd",
        Deploy::Docker { .. } => "docker",
    };
    let message =
        format!("{party} deploys with {target}, which `sfgen` does not install by itself yet");
    let help =
        format!("follow `{}/{party}/RUNBOOK.md`, or plan with `deploy \"process\"`", args.tree);
    Err(Failure::new(Status::NotReady, message).help(help))
}

/// Looks at the machine, makes the Python environment, and takes the party's place.
pub(super) fn prepare(
    args: &SideArgs,
    side: Side,
    single: bool,
    orders: mpsc::Receiver<Order>,
    ui: &Ui,
) -> Result<Launch, Failure> {
    let folders = Folders::from_env();
    let deployment =
        Deployment::take(&folders, &side.tree, &side.federation.topology, side.party())?;
    let env: BTreeMap<String, String> = std::env::vars().collect();
    let findings = preflight::preflight(&Machine {
        plan: &side.plan,
        host: &side.plan.main_host,
        tree: &side.tree,
        manifest: &side.manifest,
        root: &side.root,
        env: &env,
    });
    let findings = findings.into_sorted();
    ui.findings(&findings, &Sources::default());
    if findings.iter().any(|finding| finding.severity == crate::diag::Severity::Error) {
        return Err(Failure::new(
            Status::NotReady,
            format!("this machine is not ready for {}", side.party()),
        ));
    }
    let venv = python_environment(&folders.state, &side, ui)?;
    Ok(Launch { side, deployment, venv, wait: args.wait.get(), single, orders })
}

fn python_environment(
    state: &Utf8Path,
    side: &Side,
    ui: &Ui,
) -> Result<Option<(Venv, Releases)>, Failure> {
    let Some(secretflow) = &side.plan.secretflow else { return Ok(None) };
    let requirements = side.tree.join(side.party().as_str()).join("requirements.txt");
    let requirements = fs::read(&requirements)?;
    let mut progress = |line: String| ui.note(format!("{}: {line}", side.party()));
    let search = Search::from_process();
    let make = async {
        let found = search.find(&secretflow.python).await?;
        let venv = python::environment(state, &found, &requirements, &mut progress).await?;
        let versions = python::versions(&venv).await?;
        Ok::<_, python::PythonError>((venv, versions))
    };
    runtime().block_on(async {
        tokio::select! {
            outcome = make => outcome.map(Some).map_err(|why| Failure::of(Status::NotReady, &why)),
            // Dropping the rest ends the installation; an unfinished environment is made again.
            () = interrupted() => {
                Err(Failure::new(Status::Interrupted, "interrupted while the environment was made"))
            }
        }
    })
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

    pub(super) fn event(&mut self, event: Event) {
        let party = &self.party;
        let line = match event {
            Event::Phase(phase) => format!("{party}: {phase}"),
            Event::Service { name, what } => format!("{party}: service {name} {what}"),
            Event::Met(peer) => {
                self.last_wait = None;
                format!("{party}: met {peer}")
            }
            Event::Gone { party: peer, why } => format!("{party}: {peer} {why}"),
            Event::Refused(why) => format!("{party}: turned away {why}"),
            Event::Note(note) => format!("{party}: {note}"),
            Event::Waiting { missing, left } => {
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

/// What one party's process made of it.
pub(super) struct Outcome {
    /// Whose process.
    pub(super) party: PartyName,
    /// The lines of its stdout.
    pub(super) results: Vec<String>,
    /// How it ended.
    pub(super) status: Status,
}

/// A line that one party's process wrote.
struct Said {
    party: PartyName,
    line: String,
    is_result: bool,
}

/// Runs this program once per party, with `--party NAME` in place of `--all`, until all have ended. What they say is
/// shown on stderr with the party's name.
pub(super) fn for_all(args: &SideArgs, command: &[&str], ui: &Ui) -> Result<Vec<Outcome>, Failure> {
    let all = parties(&args.tree)?;
    runtime().block_on(async {
        let (said, mut lines) = mpsc::channel(64);
        let mut processes = JoinSet::new();
        for party in all {
            let child = start(args, command, &party)?;
            processes.spawn(follow(party, child, said.clone()));
        }
        drop(said);
        while let Some(Said { party, line, is_result }) = lines.recv().await {
            let has_name = line.starts_with(&format!("{party}: "));
            let sign = if is_result { '|' } else { ':' };
            ui.note(if has_name { line } else { format!("{party}{sign} {line}") });
        }
        let mut outcomes = processes.join_all().await;
        outcomes.sort_by(|a, b| a.party.cmp(&b.party));
        Ok(outcomes)
    })
}

fn start(args: &SideArgs, command: &[&str], party: &PartyName) -> Result<Child, Failure> {
    let failure = |why: std::io::Error| Failure::new(Status::NotReady, format!("{party}: {why}"));
    let mut child = tokio::process::Command::new(std::env::current_exe().map_err(failure)?);
    child.args(command).args(["--party", party.as_str(), "--tree", args.tree.as_str()]);
    child.args(args.root.iter().flat_map(|root| ["--root", root.as_str()]));
    child.args(["--wait", &args.wait.to_string()]);
    child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    child.spawn().map_err(failure)
}

/// Passes on what a party's process says until it has ended; our own SIGINT and SIGTERM become its SIGTERM.
async fn follow(party: PartyName, mut child: Child, said: mpsc::Sender<Said>) -> Outcome {
    let stdout = child.stdout.take().expect("it is piped");
    let stderr = child.stderr.take().expect("it is piped");
    let mut readers = JoinSet::new();
    readers.spawn(read_lines(stdout, party.clone(), true, said.clone()));
    readers.spawn(read_lines(stderr, party.clone(), false, said));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            () = interrupted() => {
                if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGTERM); // it may have ended meanwhile
                }
            }
        }
    };
    let results = readers.join_all().await.concat();
    let status = status.ok().and_then(|status| status.code());
    Outcome { party, results, status: status.map_or(Status::Failed, Status::of_code) }
}

pub(super) async fn interrupted() {
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
    }
}

/// The lines of a result; those of messages are passed on only.
async fn read_lines(
    from: impl AsyncRead + Unpin,
    party: PartyName,
    is_result: bool,
    said: mpsc::Sender<Said>,
) -> Vec<String> {
    let mut lines = BufReader::new(from).lines();
    let mut results = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        if is_result {
            results.push(line.clone());
        }
        let _ = said.send(Said { party: party.clone(), line, is_result }).await; // read to the end all the same
    }
    results
}
