//! One wish and its run: what it shows, what it learned from peers, what holds its slot.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use super::{Action, JobRule, PeerView, Peers};
use crate::{
    launch::peers::rendezvous::{JobEntry, JobState, Match, Ticket},
    types::{Digest, JobName, PartyName},
};

/// Name of a run, the same at all of its parties: 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId([u8; 8]);

impl RunId {
    /// The name of the run that these wishes make.
    #[must_use]
    pub fn of(tickets: &BTreeMap<PartyName, Ticket>) -> Self {
        let sorted: BTreeSet<&Ticket> = tickets.values().collect();
        let bytes: Vec<u8> = sorted.into_iter().flat_map(|ticket| *ticket.bytes()).collect();
        let digest = Digest::of(&bytes);
        let (id, _) = digest.bytes().split_first_chunk().expect("a digest has 32 bytes");
        Self(*id)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for RunId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("a run is named by 16 hexadecimal digits, not `{text}`");
        if text.len() != 16 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(wrong());
        }
        u64::from_str_radix(text, 16).map(|id| Self(id.to_be_bytes())).map_err(|_| wrong())
    }
}

/// How a run ended at one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Its process ended well.
    Done,
    /// It did not, or did not start; why, with the name of the party where it began.
    Failed(String),
}

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
    ends: BTreeMap<PartyName, End>,
    settled: bool,
}

/// The entry that a peer shows under a ticket.
pub(super) fn entry_of<'a>(
    peers: &Peers<'a>,
    party: &PartyName,
    ticket: Ticket,
) -> Option<&'a JobEntry> {
    match peers.get(party)? {
        PeerView::Absent(_) => None,
        PeerView::Present(entries) => entries.iter().find(|entry| entry.ticket == ticket),
    }
}

/// Whether every party but `me` is armed for the match, or further.
pub(super) fn all_armed(me: &PartyName, matched: &Match, peers: &Peers<'_>) -> bool {
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
    pub(super) fn fail(&mut self, cause: String) -> Option<Action> {
        if self.state.is_over() {
            return None;
        }
        let matched = self.state.matched().cloned();
        self.state = JobState::Failed { matched, cause: cause.clone() };
        (self.process == Process::Alive).then_some(Action::Abort { ticket: self.ticket, cause })
    }

    /// The order to start; every other party shows its slot by now.
    pub(super) fn start(&mut self, me: &PartyName, peers: &Peers<'_>) -> Action {
        let matched = self.state.matched().expect("a run that starts is matched");
        self.process = Process::Alive;
        let slot = |(party, ticket): (&PartyName, &Ticket)| {
            let theirs = || entry_of(peers, party, *ticket)?.state.matched();
            let slot = if party == me { Some(matched) } else { theirs() }?.slot;
            Some((party.clone(), slot))
        };
        Action::Start {
            job: self.job.clone(),
            ticket: self.ticket,
            run: RunId::of(&matched.tickets),
            slots: matched.tickets.iter().filter_map(slot).collect(),
        }
    }

    /// Notes the ends of the other parties. What was noted once stays, whatever the party shows later.
    pub(super) fn note_ends(&mut self, me: &PartyName, peers: &Peers<'_>) {
        let Some(matched) = self.state.matched() else { return };
        let under_way = !matches!(self.state, JobState::Armed(_));
        let others = matched.tickets.iter().filter(|(party, _)| *party != me);
        for (party, ticket) in others {
            let end = match peers.get(party) {
                None => End::Failed(format!("{party} is not there")),
                Some(PeerView::Absent(why)) => End::Failed(format!("{party} {why}")),
                Some(PeerView::Present(_)) => match entry_of(peers, party, *ticket) {
                    Some(JobEntry { state: JobState::Failed { cause, .. }, .. }) => {
                        End::Failed(cause.clone())
                    }
                    Some(JobEntry { state: JobState::Done(theirs), .. })
                        if theirs.tickets == matched.tickets =>
                    {
                        End::Done
                    }
                    // A run that failed before it started: the other side has yet to see that.
                    Some(entry) if self.state.is_over() && entry.state == JobState::Waiting => {
                        continue;
                    }
                    Some(entry)
                        if under_way
                            && entry.state.matched().map(|theirs| &theirs.tickets)
                                != Some(&matched.tickets) =>
                    {
                        End::Failed(format!("{party} no longer takes part in the run"))
                    }
                    None if under_way => End::Failed(format!("{party} no longer knows the run")),
                    _ => continue,
                },
            };
            self.ends.entry(party.clone()).or_insert(end);
        }
    }

    /// The first cause for which the run cannot go on.
    pub(super) fn failure(&self) -> Option<String> {
        self.ends.values().find_map(|end| match end {
            End::Failed(cause) => Some(cause.clone()),
            End::Done => None,
        })
    }

    /// `Failed` where another party failed a match with this wish in it, before this party armed.
    pub(super) fn doom(
        &self,
        me: &PartyName,
        rule: &JobRule,
        peers: &Peers<'_>,
    ) -> Option<JobState> {
        peers
            .iter()
            // Nobody can end a run in which it has no part.
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

    /// The leader's match for this wish.
    pub(super) fn led(
        &self,
        me: &PartyName,
        rule: &JobRule,
        leader: &PartyName,
        peers: &Peers<'_>,
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

    /// Whether every other party still shows the wish that was matched.
    pub(super) fn all_known(&self, matched: &Match, peers: &Peers<'_>) -> bool {
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
    ) -> Option<Action> {
        let end = match &self.state {
            JobState::Done(_) => End::Done,
            JobState::Failed { cause, .. } => End::Failed(cause.clone()),
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
        Some(Action::Settled { job, ticket: self.ticket, ends })
    }

    /// Whether somebody needs its entry.
    pub(super) fn remembered(&self, me: &PartyName, peers: &Peers<'_>) -> Remembered {
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
