//! Job runs on this machine: their processes, their clients, and what becomes of them.

use std::{collections::BTreeMap, time::Duration};

use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use crate::{
    diag::Code,
    launch::{
        local::{Problem, Reply, status::JobReport},
        machine::script::ScriptCopy,
        peers::{
            lockstep::RunId,
            rendezvous::{JobEntry, JobState, Ticket},
        },
        processes::{
            GuardProgram, JobEnd, JobHandle, Line, Stream,
            diagnose::{Diagnosis, diagnose, is_native_log},
        },
    },
};

/// A job of this party ended badly, or that of a peer did.
pub(super) const FAILED: Code = Code("SF0897");
/// How often a client is told whom its request waits for.
pub(super) const REMIND_EVERY: Duration = Duration::from_secs(1);
/// What a run's task reports.
pub(super) enum RunEvent {
    /// A line says what is wrong, so that nothing good will come of it.
    Diagnosed(String),
    /// A line says what may be wrong.
    Suspected(String),
    /// Its process is gone.
    Ended(JobEnd),
    /// Its client has gone away.
    ClientGone,
}

/// Every request of this party that a client waits for, or whose process lives.
pub(super) struct Runs {
    pub(super) guard: GuardProgram,
    pub(super) tasks: JoinSet<()>,
    sender: mpsc::Sender<(Ticket, RunEvent)>,
    events: mpsc::Receiver<(Ticket, RunEvent)>,
    pub(super) active: BTreeMap<Ticket, Active>,
    /// Whether a request was ever taken in.
    pub(super) any_asked: bool,
    /// Whether a process was ever started.
    pub(super) any_started: bool,
    /// Clients that wait for the end of the launcher.
    stopping: Vec<mpsc::Sender<Reply>>,
    /// When clients are told next whom they wait for.
    next_reminder: Instant,
}

/// One request of this party and its process.
pub(super) struct Active {
    pub(super) client: mpsc::Sender<Reply>,
    /// Until when the other parties are waited for; `None` once the run has started.
    pub(super) deadline: Option<Instant>,
    pub(super) wait: Duration,
    /// The name of its run, once the parties agreed on one and its process was started.
    pub(super) run: Option<RunId>,
    /// Ends the process; `None` where none runs.
    pub(super) cancel: Option<mpsc::Sender<()>>,
    /// What it runs, of a job with a script.
    pub(super) script: Option<ScriptCopy>,
    /// The last lines of this party's own process. Only its own client gets them, since they can hold private data.
    pub(super) last_lines: Vec<String>,
    /// What a line says may be why the run fails.
    pub(super) suspicion: Option<String>,
    /// What a party that it needs does not agree on with this one.
    pub(super) differs: Option<Problem>,
    /// The doors before its SPUs, open as long as its process lives.
    pub(super) doors: Vec<JoinSet<()>>,
    pub(super) settled: bool,
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
            any_started: false,
            stopping: Vec::new(),
            next_reminder: Instant::now(),
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

    /// When the next request is given up, or its client is to be told whom it waits for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let first = self.active.values().filter_map(|active| active.deadline).min()?;
        Some(first.min(self.next_reminder))
    }

    /// The requests that wait and how long they still do, where it is time to tell their clients. What begins within
    /// a second needs no such line.
    pub(super) fn due_for_reminder(&mut self, now: Instant) -> Vec<(Ticket, Duration)> {
        if now < self.next_reminder {
            return Vec::new();
        }
        self.next_reminder = now + REMIND_EVERY;
        let waiting = self.active.iter().filter_map(|(ticket, active)| {
            Some((*ticket, active.deadline?.saturating_duration_since(now)))
        });
        waiting.collect()
    }

    /// Takes in a request. Its client is told in a second whom it waits for.
    pub(super) fn add(&mut self, ticket: Ticket, active: Active) {
        if self.active.values().all(|active| active.deadline.is_none()) {
            self.next_reminder = Instant::now() + REMIND_EVERY;
        }
        self.watch_client(ticket, active.client.clone());
        self.active.insert(ticket, active);
        self.any_asked = true;
    }

    pub(super) fn overdue(&self, now: Instant) -> Vec<Ticket> {
        let late = |active: &Active| active.deadline.is_some_and(|deadline| deadline <= now);
        self.active.iter().filter(|(_, active)| late(active)).map(|(ticket, _)| *ticket).collect()
    }

    pub(super) fn when_stopped(&mut self, client: mpsc::Sender<Reply>) {
        self.stopping.push(client);
    }

    /// Returns when every client has taken its last reply and gone away.
    pub(super) async fn clients_gone(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// The clients that wait for the end of a run, and those that wait for the end of the launcher.
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

    pub(super) fn watch_process(
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
        self.any_started = true;
        let (events, client) = (self.sender.clone(), active.client.clone());
        self.tasks.spawn(follow(ticket, handle, lines, cancelled, client, events));
    }

    pub(super) fn cancel(&self, ticket: Ticket) {
        if let Some(cancel) = self.active.get(&ticket).and_then(|active| active.cancel.as_ref()) {
            let _ = cancel.try_send(()); // full: it was cancelled already
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
    let text = line.text();
    match diagnose(&text) {
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
        Stream::Stdout if !is_native_log(&text) => Reply::Stdout(line.bytes.into()),
        Stream::Stdout | Stream::Stderr => Reply::Stderr(text),
    };
    let _ = client.send(reply).await; // a client that is gone is noticed elsewhere
}
