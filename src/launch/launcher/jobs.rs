//! Job runs as the launcher sees them: requests are taken in, processes started, outcomes told.

use std::{collections::BTreeMap, time::Duration};

use miette::Diagnostic as _;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    diag::Code,
    launch::{
        links::door::{self, doors},
        local::{Problem, Reply, RunEnd},
        machine::{input_file::read_input, python::shadowed_modules, script::ScriptCopy},
        peers::{
            lockstep::{PartyEnd, RunAction, RunId},
            rendezvous::{Meeting, Ticket},
        },
        processes::run_job,
    },
    plan::{Mode, Program},
    types::{JobName, PartyName},
};

use super::{
    events::LaunchEvent,
    runs::{Active, FAILED, RunEvent},
    state::Launcher,
};

/// The launcher holds another plan than its client has read.
const OTHER_PLAN: Code = Code("SF0869");
/// The job cannot be run from here.
const NOT_RUNNABLE: Code = Code("SF0898");

impl Launcher<'_> {
    /// Takes in a client's request for a run; `false` where it was refused.
    pub(super) fn request_run(
        &mut self,
        job: JobName,
        wait: Duration,
        since: Instant,
        client: mpsc::Sender<Reply>,
    ) -> bool {
        let ticket = Ticket::random();
        let script = match self.copy_script(&job, ticket) {
            Ok(script) => script,
            Err(problem) => {
                let _ = client.try_send(Reply::Refused(problem)); // the channel is new
                return false;
            }
        };
        let digest = script.as_ref().map(|copy| copy.digest);
        if let Err(why) = self.lockstep.request(job, ticket, digest) {
            let _ = client.try_send(Reply::Refused(Problem::of(&why))); // the channel is new
            return false;
        }
        let active = Active {
            client,
            deadline: Some(since + wait),
            wait,
            run: None,
            cancel: None,
            script,
            last_lines: Vec::new(),
            suspicion: None,
            differs: None,
            doors: Vec::new(),
            settled: false,
        };
        self.runs.add(ticket, active);
        true
    }

    /// What is told to a client that has read another plan than this launcher holds.
    pub(super) fn other_plan(&self) -> Problem {
        let (party, tree, pid) = (self.side.party(), &self.side.tree, std::process::id());
        if self.side.has_units() {
            return Problem::new(
                OTHER_PLAN,
                format!("another plan of {party} is installed than the one that was read here"),
                format!("install this one: `sudo sfgen apply --party {party}`"),
            );
        }
        Problem::new(
            OTHER_PLAN,
            format!(
                "the launcher of {party} (process {pid}) was started from another plan than the one in `{tree}`"
            ),
            format!(
                "stop it and start it again: `sfgen stop --party {party}`, then `sfgen apply --party {party}`"
            ),
        )
    }

    /// The copy of a job's script that is run, and whose digest all parties compare; `None` for a job without one. The
    /// problem tells why the job cannot be run from here.
    fn copy_script(&self, job: &JobName, ticket: Ticket) -> Result<Option<ScriptCopy>, Problem> {
        if !self.side.is_main() {
            let (party, main) = (self.side.party(), &self.side.plan.main_host);
            return Err(Problem::new(
                NOT_RUNNABLE,
                format!("job `{job}` runs on {main}, the first host of {party}"),
                "this launcher keeps a further host up; run the job there",
            ));
        }
        if let Some(leader) = self.side.follows() {
            return Err(Problem::new(
                NOT_RUNNABLE,
                format!("job `{job}` of a simulation runs once for all parties, as {leader}"),
                format!("`sfgen run {job} --party {leader}`"),
            ));
        }
        match self.side.plan.jobs.get(job).map(|job| &job.program) {
            Some(Program::Script { path, .. }) => {
                // Looked at before each run: a file may have come since the launcher started.
                let script = self.side.root.join(path);
                let hidden = script.parent().and_then(shadowed_modules);
                if let Some(finding) = hidden.filter(|_| self.side.plan.secretflow.is_some()) {
                    return Err(Problem::from(finding));
                }
                let copy = self.deployment.scripts().join(ticket.to_string());
                ScriptCopy::make(&self.side.root, path.as_ref(), copy).map(Some).map_err(|why| {
                    let help = why.help().map(|help| help.to_string()).unwrap_or_default();
                    Problem::new(NOT_RUNNABLE, format!("job `{job}`: {why}"), help)
                })
            }
            Some(Program::External) => Err(Problem::new(
                NOT_RUNNABLE,
                format!("job `{job}` has no script: it only has ports"),
                "another program starts it; give the job a `script` to run it here",
            )),
            Some(Program::Sum) if self.side.plan.mode == Mode::Simulation => Err(Problem::new(
                NOT_RUNNABLE,
                format!("job `{job}` needs parties that meet, and a simulation has none"),
                "`sfgen plan --mode production` makes a plan in which they do",
            )),
            Some(Program::Sum) => {
                // Looked at before each run, as scripts are; the run's own process reads it again.
                let file = self.side.plan.jobs.get(job).and_then(|job| job.input_file.as_ref());
                let path = file.map(|file| self.side.root.join(file));
                let read = path.map(|path| read_input(job.as_str(), &path)).transpose();
                read.map(|_| None).map_err(|why| Problem::of(&why))
            }
            None => Ok(None),
        }
    }

    /// Carries out what the lockstep decided.
    pub(super) fn act_on(&mut self, actions: Vec<RunAction>) {
        for action in actions {
            match action {
                RunAction::Start { job, ticket, run, slots } => {
                    self.start(&job, ticket, run, &slots);
                }
                RunAction::Abort { ticket, .. } => self.runs.cancel(ticket),
                RunAction::Settled { job, ticket, ends } => self.settle(&job, ticket, &ends),
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
        let script = self.runs.active.get(&ticket).and_then(|active| active.script.as_ref());
        let spec = self.specs().job(job, run, script, slots, &doors);
        let spec = spec.expect("jobs without a program are refused");
        // Without a meeting there are no peers, and so no doors.
        let admission = self.meeting.as_ref().map(Meeting::admission);
        let opened = doors.into_values().zip(admission.into_iter().cycle());
        let opened: Result<Vec<_>, _> =
            opened.map(|(door, admission)| door::open(door, admission)).collect();
        let (lines, receiver) = mpsc::channel(256);
        let started = opened.and_then(|doors| Ok((doors, run_job(&self.runs.guard, spec, lines)?)));
        match started {
            Ok((doors, handle)) => {
                if let Some(active) = self.runs.active.get_mut(&ticket) {
                    active.run = Some(run);
                    let line = format!("run {run} of job `{job}` starts in slot {slot}");
                    let _ = active.client.try_send(Reply::Progress(line)); // progress may be lost
                }
                self.runs.watch_process(ticket, handle, receiver, doors);
            }
            Err(why) => self.lockstep.ended(ticket, Err(why.to_string())),
        }
    }

    pub(super) fn run_event(&mut self, ticket: Ticket, event: RunEvent) {
        match event {
            RunEvent::Diagnosed(why) => {
                let actions = self.lockstep.withdraw(ticket, &why);
                self.act_on(actions);
            }
            RunEvent::Suspected(why) => {
                if let Some(active) = self.runs.active.get_mut(&ticket) {
                    active.suspicion.get_or_insert(why);
                }
            }
            RunEvent::Ended(end) => {
                // The last lines can hold private data: peers learn how the process ended, only its own client gets the lines.
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
                self.lockstep.ended(ticket, outcome);
            }
            RunEvent::ClientGone => {
                if self.runs.active.get(&ticket).is_some_and(|active| !active.settled) {
                    let actions = self.lockstep.withdraw(ticket, "interrupted");
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
        let Some(job) = self.job_of(ticket) else { return };
        let why = format!("waited {wait:?} for {}", self.awaited(&job));
        let actions = self.lockstep.withdraw(ticket, &why);
        self.act_on(actions);
    }

    fn settle(&mut self, job: &JobName, ticket: Ticket, ends: &BTreeMap<PartyName, PartyEnd>) {
        let Some(active) = self.runs.active.get_mut(&ticket) else { return };
        active.settled = true;
        active.deadline = None;
        let mut causes: Vec<&str> = ends
            .values()
            .filter_map(|end| match end {
                PartyEnd::Done => None,
                PartyEnd::Failed(cause) => Some(cause.as_str()),
            })
            .collect();
        causes.sort_unstable();
        causes.dedup();
        let failure = (!causes.is_empty()).then(|| causes.join("; "));
        let end = match &failure {
            None => RunEnd::Done,
            Some(causes) => {
                let message = format!("job `{job}` failed: {causes}");
                RunEnd::Failed(Problem { code: Some(FAILED.to_string()), message, help: None })
            }
        };
        let end = active.differs.take().map_or(end, RunEnd::Failed);
        let client = active.client.clone();
        let run = active.run;
        for line in std::mem::take(&mut active.last_lines) {
            let _ = client.try_send(Reply::Progress(format!("  {line}"))); // lines may be lost, the log has them
        }
        if active.cancel.is_none() {
            self.runs.active.remove(&ticket);
        }
        // A launcher for one run has one terminal with its client, which tells the end.
        if !self.single {
            (self.report)(LaunchEvent::RunEnded { job: job.clone(), run, failure });
        }
        self.runs.tasks.spawn(async move {
            let _ = client.send(Reply::Ended(end)).await; // a client that is gone needs no reply
        });
    }
}
