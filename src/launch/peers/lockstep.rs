//! Runs in lockstep: which requests of the parties make one run, when it starts, and how it ends.
//!
//! The latest states of the peers and the party's own requests enter; the party's next entries and the actions for the
//! launcher leave. No clock, no network and no process is used here. The protocol is level-triggered like the meeting:
//!
//! 1. Of a job's parties, the one whose name comes first leads. Only it matches requests, always the oldest ones that
//!    wait; the others take over its match. So no two parties can see different matches of one request.
//! 2. A match gets a slot at each party (`Armed`). A party that sees all others armed for it starts (`Running`).
//! 3. A party that fails, vanishes or loses its connection fails the run everywhere, with its cause.
//! 4. An entry that is over stays until all other parties have noted its end, so that each party learns of it.

mod action;
mod run;
mod run_id;
mod view;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use thiserror::Error;

use self::{
    run::{Process, Run},
    view::{PeerViews, entry_of},
};
use super::rendezvous::{ENTRIES, JobEntry, JobState, Match, Ticket, compare_scripts};
use crate::types::{Digest, JobName, PartyName};

pub use action::{PartyEnd, RunAction};
pub use run_id::RunId;
pub use view::{JobRule, PeerView};

/// How many entries that are over are kept for parties that are not there to take note.
const KEPT: usize = 16;

/// Why a request is not taken in.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum RequestError {
    /// The plan does not have the job.
    #[error(transparent)]
    #[diagnostic(transparent)]
    UnknownJob(#[from] UnknownJob),
    /// The other parties would not take in so many.
    #[error("{party} has {ENTRIES} requests under way, and its peers take in no more")]
    #[diagnostic(
        code(SF0837),
        help("wait until some are over; `sfgen status` lists them, and Ctrl-C takes one back")
    )]
    TooMany {
        /// The party that was asked.
        party: PartyName,
    },
}

/// A request for a job that the plan does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
#[error("{whose} has no job `{job}`; {known}")]
#[diagnostic(
    code(SF0829),
    help(
        "a party's jobs are the `job` nodes of the topology that name it; after a change, plan again"
    )
)]
pub struct UnknownJob {
    /// Who was asked: a party, or all of the plan.
    pub whose: String,
    /// The job that was asked for.
    pub job: JobName,
    /// The jobs that are there, as part of a sentence.
    pub known: String,
}

impl UnknownJob {
    /// Where these are the jobs that `whose` has.
    pub fn new<'a>(
        whose: impl Into<String>,
        job: JobName,
        known: impl Iterator<Item = &'a JobName>,
    ) -> Self {
        let known = known.map(|job| format!("`{job}`")).collect::<Vec<_>>().join(", ");
        let known =
            if known.is_empty() { "there is none".to_owned() } else { format!("there is {known}") };
        Self { whose: whose.into(), job, known }
    }
}

/// The requests of one party and how far they got.
#[derive(Clone, Debug)]
pub struct Lockstep {
    me: PartyName,
    slots: u16,
    jobs: BTreeMap<JobName, JobRule>,
    runs: Vec<Run>,
    may_start: bool,
}

impl Lockstep {
    /// No requests yet. `slots` is how many runs of all jobs together the party has ports for.
    #[must_use]
    pub fn new(me: PartyName, slots: u16, jobs: BTreeMap<JobName, JobRule>) -> Self {
        Self { me, slots, jobs, runs: Vec::new(), may_start: true }
    }

    /// The party's entries, for its next snapshot.
    #[must_use]
    pub fn entries(&self) -> Vec<JobEntry> {
        self.runs.iter().map(Run::entry).collect()
    }

    /// Whether what a job needs is there. As long as it is not, no run is agreed on or started; what runs already goes on
    /// to its end.
    pub fn may_start(&mut self, may_start: bool) {
        self.may_start = may_start;
    }

    /// Takes in a request to run `job` once; it waits behind earlier requests for the same job.
    pub fn request(
        &mut self,
        job: JobName,
        ticket: Ticket,
        script: Option<Digest>,
    ) -> Result<(), RequestError> {
        if !self.jobs.contains_key(&job) {
            return Err(UnknownJob::new(self.me.as_str(), job, self.jobs.keys()).into());
        }
        if self.runs.len() >= ENTRIES {
            return Err(RequestError::TooMany { party: self.me.clone() });
        }
        self.runs.push(Run::new(job, ticket, script));
        Ok(())
    }

    /// Takes a request back, or ends its run at all parties. A [`Lockstep::step`] must follow, unless the request was not
    /// matched yet: it is over then.
    pub fn withdraw(&mut self, ticket: Ticket, cause: &str) -> Vec<RunAction> {
        let cause = format!("{}: {cause}", self.me);
        let Some(run) = self.runs.iter_mut().find(|run| run.ticket == ticket) else {
            return Vec::new();
        };
        let abort = run.fail(cause);
        let concerns_nobody_else = run.state.matched().is_none();
        let settled = concerns_nobody_else
            .then(|| run.settle(&self.me, &self.jobs[&run.job].parties))
            .flatten();
        abort.into_iter().chain(settled).collect()
    }

    /// Takes all requests back, for a launcher that is ending. A [`Lockstep::step`] must follow.
    pub fn withdraw_all(&mut self, cause: &str) -> Vec<RunAction> {
        let cause = format!("{}: {cause}", self.me);
        self.runs.iter_mut().filter_map(|run| run.fail(cause.clone())).collect()
    }

    /// Ends the runs that have begun, for want of what they need here. A [`Lockstep::step`] must follow.
    pub fn withdraw_begun(&mut self, cause: &str) -> Vec<RunAction> {
        let cause = format!("{}: {cause}", self.me);
        let begun = self.runs.iter_mut().filter(|run| matches!(run.state, JobState::Running(_)));
        begun.filter_map(|run| run.fail(cause.clone())).collect()
    }

    /// The process of a request is gone, and how it ended. Its slot is free from now on. A [`Lockstep::step`] must follow.
    pub fn ended(&mut self, ticket: Ticket, outcome: Result<(), String>) {
        let Some(run) = self.runs.iter_mut().find(|run| run.ticket == ticket) else { return };
        run.process = Process::Gone;
        if let JobState::Running(matched) = &run.state {
            run.state = match outcome {
                Ok(()) => JobState::Done(matched.clone()),
                Err(why) => JobState::Failed {
                    matched: Some(matched.clone()),
                    cause: format!("{}: {why}", self.me),
                },
            };
        }
    }

    /// Brings all requests as far as the peers' states allow.
    pub fn step(&mut self, peers: &PeerViews<'_>) -> Vec<RunAction> {
        let mut actions = Vec::new();
        for index in 0..self.runs.len() {
            // Each round moves the run on or is the last; a run has few states.
            loop {
                let run = &mut self.runs[index];
                run.note_ends(&self.me, peers);
                let Some(next) = self.next(index, peers) else { break };
                let run = &mut self.runs[index];
                match next {
                    JobState::Failed { cause, .. } if matches!(run.state, JobState::Running(_)) => {
                        actions.extend(run.fail(cause));
                    }
                    JobState::Running(_) => {
                        run.state = next;
                        actions.push(run.start(&self.me, peers));
                    }
                    next => run.enter(next),
                }
            }
            let parties = &self.jobs[&self.runs[index].job].parties;
            actions.extend(self.runs[index].settle(&self.me, parties));
        }
        self.forget(peers);
        actions
    }

    /// The state after the present one, if it is time for it.
    fn next(&self, index: usize, peers: &PeerViews<'_>) -> Option<JobState> {
        let run = &self.runs[index];
        let rule = &self.jobs[&run.job];
        let leader = rule.parties.first().filter(|leader| **leader != self.me);
        match &run.state {
            JobState::Waiting => {
                if let Some(failure_elsewhere) = run.failure_elsewhere(&self.me, rule, peers) {
                    return Some(failure_elsewhere);
                }
                if !self.may_start {
                    return None;
                }
                let tickets = match leader {
                    None => self.pair(run, rule, peers)?,
                    Some(leader) => run.match_of_leader(&self.me, rule, leader, peers)?,
                };
                self.arm(run, tickets, rule, peers)
            }
            JobState::Armed(matched) => {
                if let Some(cause) = run.failure() {
                    let matched = Some(matched.clone());
                    return Some(JobState::Failed { matched, cause });
                }
                let holds = match leader {
                    None => run.all_known(matched, peers),
                    Some(leader) => {
                        run.match_of_leader(&self.me, rule, leader, peers).as_ref()
                            == Some(&matched.tickets)
                    }
                };
                if !holds {
                    return Some(JobState::Waiting);
                }
                let starts = self.may_start && run::all_armed(&self.me, matched, peers);
                starts.then(|| JobState::Running(matched.clone()))
            }
            JobState::Running(matched) => run
                .failure()
                .map(|cause| JobState::Failed { matched: Some(matched.clone()), cause }),
            JobState::Done(_) | JobState::Failed { .. } => None,
        }
    }

    /// The leader's match for a request: of each other party, the oldest request that waits and is not taken.
    fn pair(
        &self,
        run: &Run,
        rule: &JobRule,
        peers: &PeerViews<'_>,
    ) -> Option<BTreeMap<PartyName, Ticket>> {
        let oldest = self.runs.iter().find(|other| other.job == run.job && other.waits())?;
        if oldest.ticket != run.ticket {
            return None;
        }
        let taken: BTreeSet<Ticket> = self
            .runs
            .iter()
            .filter_map(|run| run.state.matched())
            .flat_map(|matched| matched.tickets.values().copied())
            .collect();
        let mut tickets = BTreeMap::from([(self.me.clone(), run.ticket)]);
        for party in rule.parties.iter().filter(|party| **party != self.me) {
            let Some(PeerView::Present(entries)) = peers.get(party) else { return None };
            let found = entries.iter().find(|entry| {
                entry.job == run.job
                    && entry.state == JobState::Waiting
                    && !taken.contains(&entry.ticket)
            });
            tickets.insert(party.clone(), found?.ticket);
        }
        Some(tickets)
    }

    /// `Armed` with a slot, `Failed` where the scripts differ, nothing while no slot is free.
    fn arm(
        &self,
        run: &Run,
        tickets: BTreeMap<PartyName, Ticket>,
        rule: &JobRule,
        peers: &PeerViews<'_>,
    ) -> Option<JobState> {
        let others = tickets.iter().filter(|(party, _)| **party != self.me);
        let difference = others
            .filter_map(|(party, ticket)| Some((party, entry_of(peers, party, *ticket)?)))
            .find_map(|(party, entry)| {
                compare_scripts(&run.job, (&self.me, run.script), (party, entry.script))
            });
        if let Some(difference) = difference {
            let matched = Some(Match { tickets, slot: 0 });
            return Some(JobState::Failed { matched, cause: difference.to_string() });
        }
        let held: Vec<&Run> = self.runs.iter().filter(|run| run.slot().is_some()).collect();
        let of_job = held.iter().filter(|other| other.job == run.job).count();
        if of_job >= usize::from(rule.slots) {
            return None;
        }
        let used: BTreeSet<u16> = held.iter().filter_map(|run| run.slot()).collect();
        let slot = (0..self.slots).find(|slot| !used.contains(slot))?;
        Some(JobState::Armed(Match { tickets, slot }))
    }

    /// Drops what is over and noted by all; of what absent parties have not noted, the newest few are kept.
    fn forget(&mut self, peers: &PeerViews<'_>) {
        let mut kept = 0;
        let me = &self.me;
        // From the newest to the oldest, so that the newest are kept.
        self.runs.reverse();
        self.runs.retain(|run| match run.remembered(me, peers) {
            run::Remembered::Noted => false,
            run::Remembered::Needed => true,
            run::Remembered::ForAbsent => {
                kept += 1;
                kept <= KEPT
            }
        });
        self.runs.reverse();
    }
}
