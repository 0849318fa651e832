//! Job runs on this machine: their processes, their clients, and what becomes of them.

use std::{collections::BTreeMap, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{
    diag::Code,
    fs,
    launch::{
        links::door::{self, doors},
        local::{Problem, Reply, RunEnd, status::JobReport},
        peers::{
            muster::{Action, End, RunId},
            rendezvous::{JobEntry, JobState, Ticket},
        },
        processes::{
            GuardProgram, JobEnd, JobHandle, Line, Stream,
            diagnose::{Diagnosis, diagnose, is_native_log},
            run_job,
        },
    },
    plan::Program,
    types::{Digest, JobName, PartyName},
};

use super::Launcher;

/// A job of this party ended badly, or that of a peer did.
pub(super) const FAILED: Code = Code("SF0897");
/// The job cannot be run from here.
const NOT_RUNNABLE: Code = Code("SF0898");

/// What a run's task reports.
pub(super) enum RunEvent {
    /// A line says what is wrong, so that nothing good will come of it.
    Diagnosed(String),
    /// A line says what may be wrong.
    Suspected(String),
    /// Its process is gone.
    Ended(JobEnd),
    /// Nobody wants its outcome any more.
    ClientGone,
}

/// Every wish of this party that a client waits for, or whose process lives.
pub(super) struct Runs {
    guard: GuardProgram,
    tasks: JoinSet<()>,
    sender: mpsc::Sender<(Ticket, RunEvent)>,
    events: mpsc::Receiver<(Ticket, RunEvent)>,
    active: BTreeMap<Ticket, Active>,
    /// Whether a wish was ever taken in.
    any_asked: bool,
    /// Clients that wait for the end of the launcher.
    stopping: Vec<mpsc::Sender<Reply>>,
}

struct Active {
    client: mpsc::Sender<Reply>,
    /// Until when the other parties are waited for; `None` once the run has started.
    deadline: Option<Instant>,
    wait: Duration,
    /// Ends the process; `None` where none runs.
    cancel: Option<mpsc::Sender<()>>,
    /// What this party's own process said last: for its own client alone, since it can hold private data.
    last_lines: Vec<String>,
    /// What a line said that may be why the run fails.
    suspicion: Option<String>,
    /// The doors before its SPUs, open as long as its process lives.
    doors: Vec<JoinSet<()>>,
    settled: bool,
}

impl Runs {
    pub(super) fn new(guard: GuardProgram) -> Self {
        let (sender, events) = mpsc::channel(64);
        Self {
            guard,
            tasks: JoinSet::new(),
            sender,
            events,
            active: BTreeMap::new(),
            any_asked: false,
            stopping: Vec::new(),
        }
    }

    /// The next event of any run; waits for ever where there is none.
    pub(super) async fn next(&mut self) -> (Ticket, RunEvent) {
        self.events.recv().await.expect("we hold a sender ourselves")
    }

    pub(super) fn any_alive(&self) -> bool {
        self.active.values().any(|active| active.cancel.is_some())
    }

    /// Whether every run that was asked for is over, with no process left. A run that is over is no longer among the
    /// active ones, so an empty map means that all are over, once one was asked for.
    pub(super) fn all_settled(&self) -> bool {
        self.any_asked && self.active.values().all(|run| run.settled && run.cancel.is_none())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.active.values().filter_map(|active| active.deadline).min()
    }

    pub(super) fn overdue(&self, now: Instant) -> Vec<Ticket> {
        let late = |active: &Active| active.deadline.is_some_and(|deadline| deadline <= now);
        self.active.iter().filter(|(_, active)| late(active)).map(|(ticket, _)| *ticket).collect()
    }

    pub(super) fn when_stopped(&mut self, client: mpsc::Sender<Reply>) {
        self.stopping.push(client);
    }

    /// Everybody who still waits for an answer, to be given their last word.
    pub(super) fn take_clients(&mut self) -> (Vec<mpsc::Sender<Reply>>, Vec<mpsc::Sender<Reply>>) {
        let unsettled = std::mem::take(&mut self.active).into_values();
        let runs = unsettled.filter(|active| !active.settled).map(|active| active.client);
        (runs.collect(), std::mem::take(&mut self.stopping))
    }

    fn watch_client(&mut self, ticket: Ticket, client: mpsc::Sender<Reply>) {
        let events = self.sender.clone();
        self.tasks.spawn(async move {
            client.closed().await;
            let _ = events.send((ticket, RunEvent::ClientGone)).await; // the launcher may have ended
        });
    }

    fn watch_process(
        &mut self,
        ticket: Ticket,
        handle: JobHandle,
        lines: mpsc::Receiver<Line>,
        doors: Vec<JoinSet<()>>,
    ) {
        let Some(active) = self.active.get_mut(&ticket) else { return };
        let (cancel, cancelled) = mpsc::channel(1);
        active.cancel = Some(cancel);
        active.doors = doors;
        active.deadline = None;
        let (events, client) = (self.sender.clone(), active.client.clone());
        self.tasks.spawn(follow(ticket, handle, lines, cancelled, client, events));
    }

    fn cancel(&self, ticket: Ticket) {
        if let Some(cancel) = self.active.get(&ticket).and_then(|active| active.cancel.as_ref()) {
            let _ = cancel.try_send(()); // full: it was told already
        }
    }
}

/// What `status` says of this party's entries.
pub(super) fn reports(entries: &[JobEntry]) -> Vec<JobReport> {
    let report = |entry: &JobEntry| {
        let matched = entry.state.matched();
        let (state, cause) = match &entry.state {
            JobState::Waiting => ("waiting", None),
            JobState::Armed(_) => ("armed", None),
            JobState::Running(_) => ("running", None),
            JobState::Done(_) => ("done", None),
            JobState::Failed { cause, .. } => ("failed", Some(cause.clone())),
        };
        JobReport {
            job: entry.job.clone(),
            run: matched.map(|matched| RunId::of(&matched.tickets).to_string()),
            slot: matched.map(|matched| matched.slot),
            state: state.to_owned(),
            cause,
        }
    };
    entries.iter().map(report).collect()
}

/// Passes a process's lines to the client and its end to the launcher.
async fn follow(
    ticket: Ticket,
    mut handle: JobHandle,
    mut lines: mpsc::Receiver<Line>,
    mut cancelled: mpsc::Receiver<()>,
    client: mpsc::Sender<Reply>,
    events: mpsc::Sender<(Ticket, RunEvent)>,
) {
    let end = loop {
        tokio::select! {
            Some(line) = lines.recv() => pass(ticket, line, &client, &events).await,
            Some(()) = cancelled.recv() => handle.cancel(),
            end = handle.ended() => break end,
        }
    };
    while let Ok(line) = lines.try_recv() {
        pass(ticket, line, &client, &events).await;
    }
    let _ = events.send((ticket, RunEvent::Ended(end))).await; // the launcher may have ended
}

async fn pass(
    ticket: Ticket,
    line: Line,
    client: &mpsc::Sender<Reply>,
    events: &mpsc::Sender<(Ticket, RunEvent)>,
) {
    match diagnose(&line.text) {
        Some(Diagnosis::Fatal { message, help }) => {
            let diagnosis = RunEvent::Diagnosed(format!("{message}; {help}"));
            let _ = events.send((ticket, diagnosis)).await; // the launcher may have ended
        }
        // The runtime's own waiting; the launcher knows better who is there. It is in the log.
        Some(Diagnosis::Waiting { .. }) => return,
        Some(Diagnosis::Suspect { message, help }) => {
            let suspicion = RunEvent::Suspected(format!("{message}; {help}"));
            let _ = events.send((ticket, suspicion)).await; // the launcher may have ended
        }
        None => {}
    }
    let reply = match line.stream {
        Stream::Stdout if !is_native_log(&line.text) => Reply::Stdout(line.text),
        Stream::Stdout | Stream::Stderr => Reply::Stderr(line.text),
    };
    let _ = client.send(reply).await; // a client that is gone is noticed elsewhere
}

impl Launcher<'_> {
    /// Takes in a client's wish for a run; `false` where it was refused.
    pub(super) fn request_run(
        &mut self,
        job: JobName,
        wait: Duration,
        client: mpsc::Sender<Reply>,
    ) -> bool {
        let script = match self.script_digest(&job) {
            Ok(script) => script,
            Err(problem) => {
                let _ = client.try_send(Reply::Refused(problem)); // the channel is new
                return false;
            }
        };
        let ticket = Ticket::random();
        if let Err(unknown) = self.muster.request(job, ticket, script) {
            let _ = client.try_send(Reply::Refused(Problem::of(&unknown))); // the channel is new
            return false;
        }
        let active = Active {
            client: client.clone(),
            deadline: Some(Instant::now() + wait),
            wait,
            cancel: None,
            last_lines: Vec::new(),
            suspicion: None,
            doors: Vec::new(),
            settled: false,
        };
        self.runs.active.insert(ticket, active);
        self.runs.any_asked = true;
        self.runs.watch_client(ticket, client);
        true
    }

    /// The digest of a job's script, which all parties compare; `None` for a job without one.
    fn script_digest(&self, job: &JobName) -> Result<Option<Digest>, Problem> {
        match self.side.plan.jobs.get(job).map(|job| &job.program) {
            Some(Program::Script { path, .. }) => {
                let bytes = fs::read(&self.side.root.join(path));
                bytes.map(|bytes| Some(Digest::of(&bytes))).map_err(|why| {
                    let help = "the script lies beside the topology; `--root` names another folder";
                    Problem::new(NOT_RUNNABLE, format!("job `{job}`: {why}"), help)
                })
            }
            Some(Program::External) => Err(Problem::new(
                NOT_RUNNABLE,
                format!("job `{job}` has no script: it only has ports"),
                "another program starts it; give the job a `script` to run it here",
            )),
            Some(Program::Sum) | None => Ok(None),
        }
    }

    /// Carries out what the muster decided.
    pub(super) fn act_on(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Start { job, ticket, run, slots } => self.start(&job, ticket, run, &slots),
                Action::Abort { ticket, .. } => self.runs.cancel(ticket),
                Action::Settled { job, ticket, ends } => self.settle(&job, ticket, &ends),
            }
        }
    }

    fn start(
        &mut self,
        job: &JobName,
        ticket: Ticket,
        run: RunId,
        slots: &BTreeMap<PartyName, u16>,
    ) {
        let slot = slots.get(self.side.party()).copied().unwrap_or_default();
        let doors = doors(&self.side.plan, job, slot);
        let spec = self.specs().job(job, run, slots, &doors);
        let spec = spec.expect("jobs without a program are refused");
        let opened: Result<Vec<_>, _> = doors.into_values().map(door::open).collect();
        let (lines, receiver) = mpsc::channel(256);
        let started = opened.and_then(|doors| Ok((doors, run_job(&self.runs.guard, spec, lines)?)));
        match started {
            Ok((doors, handle)) => {
                if let Some(active) = self.runs.active.get(&ticket) {
                    let word = format!("run {run} of job `{job}` starts in slot {slot}");
                    let _ = active.client.try_send(Reply::Progress(word)); // a word of comfort may be lost
                }
                self.runs.watch_process(ticket, handle, receiver, doors);
            }
            Err(why) => self.muster.ended(ticket, Err(why.to_string())),
        }
    }

    pub(super) fn run_event(&mut self, ticket: Ticket, event: RunEvent) {
        match event {
            RunEvent::Diagnosed(why) => {
                let actions = self.muster.withdraw(ticket, &why);
                self.act_on(actions);
            }
            RunEvent::Suspected(why) => {
                if let Some(active) = self.runs.active.get_mut(&ticket) {
                    active.suspicion.get_or_insert(why);
                }
            }
            RunEvent::Ended(end) => {
                // What it said last may be private: peers learn how it ended, and its own client what it said.
                let mut outcome = if end.ending.is_success() {
                    Ok(())
                } else {
                    Err(format!("its job {}", end.ending))
                };
                if let Some(active) = self.runs.active.get_mut(&ticket) {
                    active.cancel = None;
                    active.doors.clear();
                    if outcome.is_err() && !end.cancelled {
                        active.last_lines = end.last_lines;
                        active.last_lines.push(format!("(the whole log: {})", end.log));
                    }
                    if let (Err(why), Some(suspicion)) = (&mut outcome, &active.suspicion) {
                        why.push_str(", probably because ");
                        why.push_str(suspicion);
                    }
                    if active.settled {
                        self.runs.active.remove(&ticket);
                    }
                }
                self.muster.ended(ticket, outcome);
            }
            RunEvent::ClientGone => {
                if self.runs.active.get(&ticket).is_some_and(|active| !active.settled) {
                    let actions = self.muster.withdraw(ticket, "interrupted");
                    self.act_on(actions);
                }
            }
        }
    }

    /// Gives up waiting for the other parties of a run.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        let Some(active) = self.runs.active.get_mut(&ticket) else { return };
        active.deadline = None;
        let wait = active.wait;
        let entries = self.muster.entries();
        let Some(entry) = entries.iter().find(|entry| entry.ticket == ticket) else { return };
        let parties = self.side.plan.jobs.get(&entry.job).map(|job| &job.parties);
        let takes_part = |party: &PartyName| parties.is_some_and(|all| all.contains(party));
        let missing = self.peers.missing(takes_part);
        let why = if missing.is_empty() {
            let job = &entry.job;
            format!(
                "waited {wait:?}, and another party did not ask for job `{job}` (`sfgen run {job}` there)"
            )
        } else {
            format!("waited {wait:?} for {missing}")
        };
        let actions = self.muster.withdraw(ticket, &why);
        self.act_on(actions);
    }

    fn settle(&mut self, job: &JobName, ticket: Ticket, ends: &BTreeMap<PartyName, End>) {
        let Some(active) = self.runs.active.get_mut(&ticket) else { return };
        active.settled = true;
        active.deadline = None;
        let mut causes: Vec<&str> = ends
            .values()
            .filter_map(|end| match end {
                End::Done => None,
                End::Failed(cause) => Some(cause.as_str()),
            })
            .collect();
        causes.sort_unstable();
        causes.dedup();
        let end = if causes.is_empty() {
            RunEnd::Done
        } else {
            let message = format!("job `{job}` failed: {}", causes.join("; "));
            RunEnd::Failed(Problem { code: Some(FAILED.to_string()), message, help: None })
        };
        let client = active.client.clone();
        for line in std::mem::take(&mut active.last_lines) {
            let _ = client.try_send(Reply::Progress(format!("  {line}"))); // lines may be lost, the log has them
        }
        if active.cancel.is_none() {
            self.runs.active.remove(&ticket);
        }
        self.runs.tasks.spawn(async move {
            let _ = client.send(Reply::Ended(end)).await; // a client that is gone needs no last word
        });
    }
}
