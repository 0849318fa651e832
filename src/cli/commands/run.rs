//! `sfgen run JOB`: a job in lockstep with the other parties' launchers.

use clap::{Args, ValueEnum};
use tokio::sync::mpsc;

use crate::{
    cli::{
        args::SideArgs,
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        launcher::{LaunchEnd, PrepareError, launch, prepare, started_by_launcher},
        local::{ClientRequest, Reply, Request, RunEnd, ask},
        machine::{
            installed_launcher::{down, installed_launcher},
            side::{Side, read_federation},
            state::{Folders, StateError, instances, run_folder},
        },
        peers::lockstep::UnknownJob,
        processes::{PartyOutcome, interrupted},
    },
    types::{JobName, Mode, PartyName},
};

use super::{
    launching::{Show, Wait, for_all, is_wanted, read_side, runtime, worst},
    running::{if_there, until_settled},
    simulating,
};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The job
    pub(crate) job: JobName,
    /// Plan the topology beside the tree as a simulation on this machine, and run the job for all parties in one process.
    /// Needs no keys, and changes neither tree nor lock
    #[arg(long, value_enum, group = "side")]
    pub(crate) mode: Option<RunMode>,
    /// Which side
    #[command(flatten)]
    pub(crate) side: SideArgs,
}

/// The mode in which a job is run that is not planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunMode {
    /// All parties in one process on this machine
    Simulation,
}

/// Runs the command.
pub(in crate::cli) fn run(args: &RunArgs, ui: &Ui) -> Result<Status, Failure> {
    ui.never_wait();
    if let Some(RunMode::Simulation) = args.mode {
        return match simulating::planned(&args.side, ui)? {
            Some(side) => as_party(args, side, ui),
            None => Ok(Status::Findings),
        };
    }
    let Some(party) = &args.side.party else {
        let federation = read_federation(&args.side.tree)?;
        let job = federation
            .jobs
            .get(&args.job)
            .ok_or_else(|| UnknownJob::new("the plan", args.job.clone(), federation.jobs.keys()))?;
        let parties = match federation.mode {
            Mode::Production => job.parties.clone(),
            Mode::Simulation => {
                let (tree, root) = (&args.side.tree, args.side.root.as_deref());
                [simulating::leader(tree, root, &federation)?].into()
            }
        };
        let outcomes = for_all(&args.side, parties.into_iter(), &["run", args.job.as_str()], ui)?;
        print_results(&outcomes, ui);
        return Ok(worst(&outcomes));
    };
    if !is_wanted(&args.side) {
        return Ok(Status::Interrupted);
    }
    let side = read_side(&args.side, party, None, ui)?;
    as_party(args, side, ui)
}

/// Runs the job from this party's side.
fn as_party(args: &RunArgs, side: Side, ui: &Ui) -> Result<Status, Failure> {
    let side = if side.has_units() { side } else { started_by_launcher(side, &args.side.tree)? };
    let party = &side.party().clone();
    if !side.plan.jobs.contains_key(&args.job) {
        let known = side.plan.jobs.keys();
        return Err(UnknownJob::new(party.as_str(), args.job.clone(), known).into());
    }
    let (job, wait, held) = (args.job.clone(), args.side.wait, side.held);
    let request = Request::Run { job, wait, held };
    let status = until_settled(|| attempt(&args.side, &side, &request, ui))?;
    if status.is_none() && side.has_units() {
        return Err(down(&side.federation.topology, party).into());
    }
    let status = status.ok_or_else(|| {
        let message = format!("the launcher of {party} neither answers nor ends");
        Failure::new(Status::Failed, message).help("`sfgen status` tells whether it still runs")
    })?;
    if status == Status::Done {
        ui.note(format!("{party}: job `{}` ended well at all parties", args.job));
    }
    Ok(status)
}

/// Asks the launcher that is up, or does all by itself where none is; `None` where a launcher comes or goes just now.
fn attempt(
    args: &SideArgs,
    side: &Side,
    request: &Request,
    ui: &Ui,
) -> Result<Option<Status>, Failure> {
    let Some(socket) = socket(side)? else {
        // systemd brings an installed one back within a moment where it has just ended.
        if side.has_units() {
            return Ok(None);
        }
        return alone(args, side.clone(), request.clone(), ui);
    };
    runtime().block_on(async {
        match if_there(ask(&socket, request).await)? {
            Some(replies) => follow(replies, side.party(), ui).await.map(Some),
            None => Ok(None),
        }
    })
}

/// The socket of the launcher that is up for this side, if one is.
fn socket(side: &Side) -> Result<Option<camino::Utf8PathBuf>, Failure> {
    if side.has_units() {
        let launcher = installed_launcher(&side.federation.topology, side.party())?;
        return Ok(launcher.map(|(_, socket)| socket));
    }
    let folders = Folders::from_env();
    let run = run_folder(&folders, side.owner())?;
    let running = instances(&folders)?;
    Ok(running.into_iter().map(|(_, socket)| socket).find(|socket| socket.parent() == Some(&*run)))
}

/// Brings up what is not up, runs the job, takes it down again; `None` where another launcher has just taken the place.
fn alone(
    args: &SideArgs,
    side: Side,
    request: Request,
    ui: &Ui,
) -> Result<Option<Status>, Failure> {
    let party = side.party().clone();
    let (request, replies) = ClientRequest::new(request);
    let (sender, requests) = mpsc::channel(1);
    sender.try_send(request).expect("a new channel has room");
    let mut show = Show::new(ui, &party);
    runtime().block_on(async {
        let mut report = |event| show.event(event);
        let prepared = prepare(side, args.wait.get(), true, requests, &mut report).await;
        let prepared = match prepared {
            Err(PrepareError::State(StateError::Busy { .. })) => return Ok(None),
            prepared => prepared?,
        };
        let (launched, followed) =
            tokio::join!(launch(prepared, &mut report), follow(replies, &party, ui));
        match launched? {
            LaunchEnd::Interrupted => Ok(Some(Status::Interrupted)),
            LaunchEnd::Stopped => followed.map(Some),
        }
    })
}

/// Shows what a launcher replies, until its last reply.
async fn follow(
    mut replies: mpsc::Receiver<Reply>,
    party: &PartyName,
    ui: &Ui,
) -> Result<Status, Failure> {
    let mut interrupted = std::pin::pin!(interrupted());
    let mut wait = Wait::default();
    loop {
        let reply = tokio::select! {
            reply = replies.recv() => reply,
            () = &mut interrupted => return Ok(Status::Interrupted),
        };
        match reply {
            Some(Reply::Progress(line)) => ui.note(format!("{party}: {line}")),
            Some(Reply::Waiting { whom, left }) => {
                wait.show(ui, party, &whom, &format!("gives up in {left} s"));
            }
            Some(Reply::Stdout(printed)) => ui.output(printed.as_bytes()),
            Some(Reply::Stderr(line)) => ui.note(line),
            Some(Reply::Ended(RunEnd::Done)) => return Ok(Status::Done),
            Some(Reply::Ended(RunEnd::Failed(problem)) | Reply::Silent(problem)) => {
                return Err(Failure::of_problem(Status::Failed, problem));
            }
            Some(Reply::Refused(problem)) => {
                return Err(Failure::of_problem(Status::Usage, problem));
            }
            Some(Reply::Status(_) | Reply::Stopped) => {}
            None => {
                let message = format!("{party}: the launcher is gone, and its job with it");
                return Err(Failure::new(Status::Failed, message));
            }
        }
    }
}

/// What the job printed: once where all parties printed the same, which is what a joint result is; else by party.
fn print_results(outcomes: &[PartyOutcome], ui: &Ui) {
    let mut different = outcomes.iter().map(|outcome| &outcome.results).collect::<Vec<_>>();
    different.dedup();
    if let [same] = different[..] {
        for line in same {
            ui.output(line);
        }
        return;
    }
    for outcome in outcomes {
        for line in &outcome.results {
            let mut named = format!("{}: ", outcome.party).into_bytes();
            named.extend(line);
            if !named.ends_with(b"\n") {
                named.push(b'\n'); // the next line is another party's, perhaps
            }
            ui.output(&named);
        }
    }
}
