//! One request and its run: the entry that peers see, what is known of its end at each party, and its slot.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    action::{PartyEnd, RunAction},
    run_id::RunId,
    view::{JobRule, PeerView, PeerViews, entry_of},
};
use crate::{
    launch::peers::rendezvous::{JobEntry, JobState, Match, Ticket},
    types::{Digest, JobName, PartyName},
};

/// The process of a run. Its slot is taken for as long as it lives, whatever the entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Process {
    NotStarted,
    Alive,
    Gone,
}

/// Whether an entry is still of use.
pub(super) enum Remembered {
    /// All have noted its end.
    Noted,
    /// It is under way, or a party that is there has yet to take note.
    Needed,
    /// Only parties that are not there have yet to take note.
    ForAbsent,
}

#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) job: JobName,
    pub(super) ticket: Ticket,
    pub(super) script: Option<Digest>,
    pub(super) state: JobState,
    pub(super) process: Process,
    /// How it ended where it is over; never taken back.
    ends: BTreeMap<PartyName, PartyEnd>,
    settled: bool,
}

/// Whether every party but `me` is armed for the match, or further.
pub(super) fn all_armed(me: &PartyName, matched: &Match, peers: &PeerViews<'_>) -> bool {
    let mut others = matched.tickets.iter().filter(|(party, _)| *party != me);
    others.all(|(party, ticket)| {
        entry_of(peers, party, *ticket)
            .and_then(|entry| entry.state.matched())
            .is_some_and(|theirs| theirs.tickets == matched.tickets)
    })
}

impl Run {
    pub(super) fn new(job: JobName, ticket: Ticket, script: Option<Digest>) -> Self {
        Self {
            job,
            ticket,
            script,
            state: JobState::Waiting,
            process: Process::NotStarted,
            ends: BTreeMap::new(),
            settled: false,
        }
    }

    pub(super) fn entry(&self) -> JobEntry {
        JobEntry {
            job: self.job.clone(),
            ticket: self.ticket,
            script: self.script,
            state: self.state.clone(),
            heard: self.ends.keys().cloned().collect(),
        }
    }

    /// Moves it on to a state that calls for no action.
    pub(super) fn enter(&mut self, next: JobState) {
        if next == JobState::Waiting {
            // What was noted belongs to the match that is given up.
            self.ends.clear();
        }
        self.state = next;
    }

    pub(super) fn waits(&self) -> bool {
        self.state == JobState::Waiting
    }

    /// The slot that it holds.
    pub(super) fn slot(&self) -> Option<u16> {
        let holds = matches!(self.state, JobState::Armed(_) | JobState::Running(_))
            || self.process == Process::Alive;
        self.state.matched().filter(|_| holds).map(|matched| matched.slot)
    }

    /// Ends it for a cause, unless it is over.
    pub(super) fn fail(&mut self, cause: String) -> Option<RunAction> {
        if self.state.is_over() {
            return None;
        }
        let matched = self.state.matched().cloned();
        self.state = JobState::Failed { matched, cause: cause.clone() };
        (self.process == Process::Alive).then_some(RunAction::Abort { ticket: self.ticket, cause })
    }

    /// The action that starts it; every other party shows its slot by now.
    pub(super) fn start(&mut self, me: &PartyName, peers: &PeerViews<'_>) -> RunAction {
        let matched = self.state.matched().expect("a run that starts is matched");
        self.process = Process::Alive;
        let slot = |(party, ticket): (&PartyName, &Ticket)| {
            let theirs = || entry_of(peers, party, *ticket)?.state.matched();
            let slot = if party == me { Some(matched) } else { theirs() }?.slot;
            Some((party.clone(), slot))
        };
        RunAction::Start {
            job: self.job.clone(),
            ticket: self.ticket,
            run: RunId::of(&matched.tickets),
            slots: matched.tickets.iter().filter_map(slot).collect(),
        }
    }

    /// Notes the ends of the other parties. What was noted once stays, whatever the party shows later.
    pub(super) fn note_ends(&mut self, me: &PartyName, peers: &PeerViews<'_>) {
        let Some(matched) = self.state.matched() else { return };
        let under_way = !matches!(self.state, JobState::Armed(_));
        let others = matched.tickets.iter().filter(|(party, _)| *party != me);
        for (party, ticket) in others {
            let end = match peers.get(party) {
                None => PartyEnd::Failed(format!("{party} is not there")),
                Some(PeerView::Absent(why)) => PartyEnd::Failed(format!("{party} {why}")),
                Some(PeerView::Present(_)) => match entry_of(peers, party, *ticket) {
                    Some(JobEntry { state: JobState::Failed { cause, .. }, .. }) => {
                        PartyEnd::Failed(cause.clone())
                    }
                    Some(JobEntry { state: JobState::Done(theirs), .. })
                        if theirs.tickets == matched.tickets =>
                    {
                        PartyEnd::Done
                    }
                    // The run failed before it started, and the other party has not seen that yet.
                    Some(entry) if self.state.is_over() && entry.state == JobState::Waiting => {
                        continue;
                    }
                    Some(entry)
                        if under_way
                            && entry.state.matched().map(|theirs| &theirs.tickets)
                                != Some(&matched.tickets) =>
                    {
                        PartyEnd::Failed(format!("{party} no longer takes part in the run"))
                    }
                    None if under_way => {
                        PartyEnd::Failed(format!("{party} no longer knows the run"))
                    }
                    _ => continue,
                },
            };
            self.ends.entry(party.clone()).or_insert(end);
        }
    }

    /// The first cause for which the run cannot go on.
    pub(super) fn failure(&self) -> Option<String> {
        self.ends.values().find_map(|end| match end {
            PartyEnd::Failed(cause) => Some(cause.clone()),
            PartyEnd::Done => None,
        })
    }

    /// `Failed` where another party failed a match with this request in it, before this party armed.
    pub(super) fn failure_elsewhere(
        &self,
        me: &PartyName,
        rule: &JobRule,
        peers: &PeerViews<'_>,
    ) -> Option<JobState> {
        peers
            .iter()
            // Only parties of the job can end its runs.
            .filter(|(party, _)| rule.parties.contains(*party))
            .flat_map(|(_, view)| match view {
                PeerView::Present(entries) => *entries,
                PeerView::Absent(_) => &[],
            })
            .find_map(|entry| match &entry.state {
                JobState::Failed { matched: Some(matched), cause }
                    if entry.job == self.job
                        && matched.tickets.get(me) == Some(&self.ticket)
                        && matched.tickets.keys().eq(rule.parties.iter()) =>
                {
                    let matched = Some(Match { slot: 0, ..matched.clone() });
                    Some(JobState::Failed { matched, cause: cause.clone() })
                }
                _ => None,
            })
    }

    /// The leader's match for this request.
    pub(super) fn match_of_leader(
        &self,
        me: &PartyName,
        rule: &JobRule,
        leader: &PartyName,
        peers: &PeerViews<'_>,
    ) -> Option<BTreeMap<PartyName, Ticket>> {
        let Some(PeerView::Present(entries)) = peers.get(leader) else { return None };
        entries.iter().find_map(|entry| {
            let matched = match &entry.state {
                JobState::Armed(matched) | JobState::Running(matched) | JobState::Done(matched) => {
                    matched
                }
                JobState::Waiting | JobState::Failed { .. } => return None,
            };
            let meant = entry.job == self.job
                && matched.tickets.get(me) == Some(&self.ticket)
                && matched.tickets.get(leader) == Some(&entry.ticket)
                && matched.tickets.keys().eq(rule.parties.iter());
            meant.then(|| matched.tickets.clone())
        })
    }

    /// Whether every other party still shows the request that was matched.
    pub(super) fn all_known(&self, matched: &Match, peers: &PeerViews<'_>) -> bool {
        let mut others = matched.tickets.iter().filter(|(_, ticket)| **ticket != self.ticket);
        others.all(|(party, ticket)| {
            self.ends.contains_key(party) || entry_of(peers, party, *ticket).is_some()
        })
    }

    /// Says how it ended everywhere, once that is known.
    pub(super) fn settle(
        &mut self,
        me: &PartyName,
        parties: &BTreeSet<PartyName>,
    ) -> Option<RunAction> {
        let end = match &self.state {
            JobState::Done(_) => PartyEnd::Done,
            JobState::Failed { cause, .. } => PartyEnd::Failed(cause.clone()),
            _ => return None,
        };
        self.ends.entry(me.clone()).or_insert(end);
        let all = self.state.matched().is_none()
            || parties.iter().all(|party| self.ends.contains_key(party));
        if self.settled || !all {
            return None;
        }
        self.settled = true;
        let (job, ends) = (self.job.clone(), self.ends.clone());
        Some(RunAction::Settled { job, ticket: self.ticket, ends })
    }

    /// Whether somebody needs its entry.
    pub(super) fn remembered(&self, me: &PartyName, peers: &PeerViews<'_>) -> Remembered {
        if !self.settled || self.process == Process::Alive {
            return Remembered::Needed;
        }
        let Some(matched) = self.state.matched() else { return Remembered::Noted };
        let mut remembered = Remembered::Noted;
        for (party, ticket) in matched.tickets.iter().filter(|(party, _)| *party != me) {
            match peers.get(party) {
                None | Some(PeerView::Absent(_)) => remembered = Remembered::ForAbsent,
                Some(PeerView::Present(_)) => {
                    let entry = entry_of(peers, party, *ticket);
                    if entry.is_some_and(|entry| !entry.heard.contains(me)) {
                        return Remembered::Needed;
                    }
                }
            }
        }
        remembered
    }
}
