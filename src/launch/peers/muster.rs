//! The agreement on job runs: which wishes of the parties make one run, when it starts, how it ends.
//!
//! The latest states of the peers and the party's own wishes enter; the party's next entries and what to do leave.
//! No clock, no network, no process: the launcher acts. The protocol is level-triggered like the meeting:
//!
//! 1. Of a job's parties, the one whose name comes first leads. Only it matches wishes, always the oldest ones that
//!    wait; the others take over its match. So no two parties can see different matches of one wish.
//! 2. A match gets a slot at each party (`Armed`). Who sees all parties armed for it starts (`Running`).
//! 3. A party that fails, vanishes or loses its connection fails the run everywhere, with its cause.
//! 4. An entry that is over stays until all other parties have noted its end, so no end is ever missed.

mod run;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;
use thiserror::Error;

use self::run::{Process, Run};
use super::rendezvous::{JobEntry, JobState, Match, Ticket, compare_scripts};
use crate::types::{Digest, JobName, PartyName};

pub use run::{End, RunId};

/// How many entries that are over are kept for parties that are not there to take note.
const KEPT: usize = 16;

/// Who takes part in a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRule {
    /// Its parties, this one among them.
    pub parties: BTreeSet<PartyName>,
    /// How many runs of it a party has at once at most.
    pub slots: u16,
}

/// How things are with a peer.
#[derive(Clone, Copy, Debug)]
pub enum PeerView<'a> {
    /// It was there and is gone, or it must not take part; why, as a phrase that follows its name. One that was never
    /// there is `Present` without entries: it has not left any run.
    Absent(&'a str),
    /// Its latest entries.
    Present(&'a [JobEntry]),
}

/// What the launcher has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the job's process.
    Start {
        /// The job.
        job: JobName,
        /// The party's own wish.
        ticket: Ticket,
        /// Name of the run, the same at all parties.
        run: RunId,
        /// The slot that each party gave to the run, counted from 0 at each.
        slots: BTreeMap<PartyName, u16>,
    },
    /// End the process that was started for this wish.
    Abort {
        /// The party's own wish.
        ticket: Ticket,
        /// Why.
        cause: String,
    },
    /// Nothing more will happen to this wish; said once.
    Settled {
        /// The job.
        job: JobName,
        /// The party's own wish.
        ticket: Ticket,
        /// How it ended at each party. The run as a whole went well when it did so at all of them.
        ends: BTreeMap<PartyName, End>,
    },
}

/// A wish for a job that the plan does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
#[error("{party} has no job `{job}`")]
#[diagnostic(
    code(SF0829),
    help("its jobs are the `job` nodes of the topology that name the party")
)]
pub struct UnknownJob {
    /// The party that was asked.
    pub party: PartyName,
    /// The job that it was asked for.
    pub job: JobName,
}

/// The wishes of one party and how far they got.
#[derive(Clone, Debug)]
pub struct Muster {
    me: PartyName,
    slots: u16,
    jobs: BTreeMap<JobName, JobRule>,
    runs: Vec<Run>,
}

/// What every peer shows, looked up by party.
type Peers<'a> = BTreeMap<PartyName, PeerView<'a>>;

impl Muster {
    /// No wishes yet. `slots` is how many runs of all jobs together the party has ports for.
    #[must_use]
    pub fn new(me: PartyName, slots: u16, jobs: BTreeMap<JobName, JobRule>) -> Self {
        Self { me, slots, jobs, runs: Vec::new() }
    }

    /// The party's entries, for its next snapshot.
    #[must_use]
    pub fn entries(&self) -> Vec<JobEntry> {
        self.runs.iter().map(Run::entry).collect()
    }

    /// Takes in a wish to run `job` once; it waits behind earlier wishes for the same job.
    pub fn request(
        &mut self,
        job: JobName,
        ticket: Ticket,
        script: Option<Digest>,
    ) -> Result<(), UnknownJob> {
        if !self.jobs.contains_key(&job) {
            return Err(UnknownJob { party: self.me.clone(), job });
        }
        self.runs.push(Run::new(job, ticket, script));
        Ok(())
    }

    /// Takes a wish back, or ends its run at all parties. A [`Muster::step`] must follow.
    pub fn withdraw(&mut self, ticket: Ticket, cause: &str) -> Vec<Action> {
        let cause = format!("{}: {cause}", self.me);
        let run = self.runs.iter_mut().find(|run| run.ticket == ticket);
        run.and_then(|run| run.fail(cause)).into_iter().collect()
    }

    /// Takes all wishes back, for a launcher on its way out. A [`Muster::step`] must follow.
    pub fn withdraw_all(&mut self, cause: &str) -> Vec<Action> {
        let cause = format!("{}: {cause}", self.me);
        self.runs.iter_mut().filter_map(|run| run.fail(cause.clone())).collect()
    }

    /// The process of a wish is gone, and how it ended. Its slot is free from now on. A [`Muster::step`] must follow.
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

    /// Brings all wishes as far as the peers' states allow.
    pub fn step(&mut self, peers: &Peers<'_>) -> Vec<Action> {
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
    fn next(&self, index: usize, peers: &Peers<'_>) -> Option<JobState> {
        let run = &self.runs[index];
        let rule = &self.jobs[&run.job];
        let leader = rule.parties.first().filter(|leader| **leader != self.me);
        match &run.state {
            JobState::Waiting => {
                if let Some(doom) = run.doom(&self.me, rule, peers) {
                    return Some(doom);
                }
                let tickets = match leader {
                    None => self.pair(run, rule, peers)?,
                    Some(leader) => run.led(&self.me, rule, leader, peers)?,
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
                        run.led(&self.me, rule, leader, peers).as_ref() == Some(&matched.tickets)
                    }
                };
                if !holds {
                    return Some(JobState::Waiting);
                }
                run::all_armed(&self.me, matched, peers).then(|| JobState::Running(matched.clone()))
            }
            JobState::Running(matched) => run
                .failure()
                .map(|cause| JobState::Failed { matched: Some(matched.clone()), cause }),
            JobState::Done(_) | JobState::Failed { .. } => None,
        }
    }

    /// The leader's match for a wish: of each other party, the oldest wish that waits and is not taken.
    fn pair(
        &self,
        run: &Run,
        rule: &JobRule,
        peers: &Peers<'_>,
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
        peers: &Peers<'_>,
    ) -> Option<JobState> {
        let others = tickets.iter().filter(|(party, _)| **party != self.me);
        let difference = others
            .filter_map(|(party, ticket)| Some((party, run::entry_of(peers, party, *ticket)?)))
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
    fn forget(&mut self, peers: &Peers<'_>) {
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
