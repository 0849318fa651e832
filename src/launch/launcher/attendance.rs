//! What the launcher knows of its peers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    launch::{
        local::status::PeerReport,
        machine::side::Side,
        peers::{
            lockstep::PeerView,
            rendezvous::{Facts, MeetingEvent, Snapshot, compare},
        },
    },
    types::{Endpoint, PartyName, Role},
};

use super::{error::LaunchError, events::LaunchEvent};

/// How often missing peers are reported.
const REMIND_EVERY: Duration = Duration::from_secs(1);
/// Why a peer is absent that has never called.
const NOT_HEARD: &str = "has not called";

/// All peers of this party.
pub(super) struct Attendance {
    me: PartyName,
    all: BTreeMap<PartyName, Peer>,
    /// Until when all must have been here once.
    deadline: Instant,
    next_reminder: Instant,
}

struct Peer {
    endpoint: Endpoint,
    /// Its latest state, as long as its stream lasts, the last one of a peer that leaves included.
    snapshot: Option<Snapshot>,
    /// Whether it ever called.
    heard: bool,
    /// Whether it ever was here.
    met: bool,
    /// Why it does not call.
    absence: String,
    /// Whether it acknowledges this launcher's state.
    reached: bool,
    /// Why this launcher's state does not reach it, if that was tried.
    unreachable: Option<String>,
}

impl Peer {
    /// Whether it calls, and does not mean to leave.
    fn calls(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| snapshot.leaving.is_none())
    }

    /// Whether each hears the other: a link that works in one direction only starts nothing.
    fn is_here(&self) -> bool {
        self.calls() && self.reached
    }

    /// Why it is not here, as a phrase that follows its name.
    fn trouble(&self) -> &str {
        match &self.unreachable {
            Some(why) => why,
            None if self.calls() => "has not answered yet",
            None => &self.absence,
        }
    }
}

impl Attendance {
    pub(super) fn new(side: &Side, deadline: Instant) -> Self {
        let meets = side.control().is_some();
        let peers = side.federation.peers(side.party()).into_iter().filter(|_| meets);
        let peers = peers.filter_map(|party| {
            let (_, host) = side.federation.main_host(&party)?;
            let port = host.ports.get(&Role::Control)?.first();
            let peer = Peer {
                endpoint: Endpoint { host: host.address.clone(), port },
                snapshot: None,
                heard: false,
                met: false,
                absence: NOT_HEARD.to_owned(),
                reached: false,
                unreachable: None,
            };
            Some((party, peer))
        });
        let me = side.party().clone();
        Self { me, all: peers.collect(), deadline, next_reminder: Instant::now() }
    }

    pub(super) fn endpoints(&self) -> BTreeMap<PartyName, Endpoint> {
        self.all.iter().map(|(name, peer)| (name.clone(), peer.endpoint.clone())).collect()
    }

    /// Takes in what the meeting learned; an error where a peer is not what it must be.
    pub(super) fn note(
        &mut self,
        event: MeetingEvent,
        facts: &Facts,
    ) -> Result<Vec<LaunchEvent>, LaunchError> {
        let mut events = Vec::new();
        match event {
            MeetingEvent::Peer { party, snapshot } => {
                let Some(peer) = self.all.get_mut(&party) else { return Ok(events) };
                let called = peer.calls();
                let differences = compare(facts, &snapshot.facts, &self.me, &party);
                if !differences.is_empty() {
                    // It counts as present, so that it gets our last snapshot and finds the difference itself.
                    peer.snapshot = Some(snapshot);
                    return Err(LaunchError::Differs(differences));
                }
                if let Some(why) = &snapshot.leaving {
                    peer.absence = format!("has left: {why}");
                    if called {
                        events.push(LaunchEvent::Gone { party, why: peer.absence.clone() });
                    }
                    peer.snapshot = Some(snapshot);
                } else {
                    peer.heard = true;
                    peer.snapshot = Some(snapshot);
                    if peer.is_here() && !called {
                        peer.met = true;
                        events.push(LaunchEvent::Met(party));
                    }
                }
            }
            MeetingEvent::Gone { party, why } => {
                let Some(peer) = self.all.get_mut(&party) else { return Ok(events) };
                // A peer that said why it leaves was reported then.
                if peer.calls() {
                    peer.absence.clone_from(&why);
                    events.push(LaunchEvent::Gone { party, why });
                }
                peer.snapshot = None;
            }
            MeetingEvent::Unreachable { party, why } => {
                if let Some(peer) = self.all.get_mut(&party) {
                    peer.reached = false;
                    peer.unreachable = Some(why);
                }
            }
            MeetingEvent::Reached { party } => {
                if let Some(peer) = self.all.get_mut(&party) {
                    peer.unreachable = None;
                    peer.reached = true;
                    if peer.is_here() {
                        peer.met = true;
                        events.push(LaunchEvent::Met(party));
                    }
                }
            }
            MeetingEvent::Refused { .. } => {} // it is no peer's doing
        }
        Ok(events)
    }

    pub(super) fn views(&self) -> BTreeMap<PartyName, PeerView<'_>> {
        self.all
            .iter()
            .map(|(name, peer)| {
                let view = match &peer.snapshot {
                    Some(snapshot) => PeerView::Present(&snapshot.jobs),
                    None if peer.heard => PeerView::Absent(&peer.absence),
                    // A peer that was never here has not gone away: others may have matched its requests already.
                    None => PeerView::Present(&[]),
                };
                (name.clone(), view)
            })
            .collect()
    }

    pub(super) fn all_present(&self) -> bool {
        self.all.values().all(Peer::is_here)
    }

    /// The peers that call, and so may get a last snapshot.
    pub(super) fn present(&self) -> BTreeSet<PartyName> {
        let here = self.all.iter().filter(|(_, peer)| peer.calls());
        here.map(|(name, _)| name.clone()).collect()
    }

    /// Until when peers that were never here are waited for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.all.values().any(|peer| !peer.met).then_some(self.deadline)
    }

    /// When missing peers are reported next.
    pub(super) fn next_reminder(&self) -> Option<Instant> {
        (!self.all_present()).then_some(self.next_reminder)
    }

    /// The event about missing peers, if it is time for it.
    pub(super) fn reminder(&mut self, now: Instant) -> Option<LaunchEvent> {
        if self.all_present() || now < self.next_reminder {
            return None;
        }
        self.next_reminder = now + REMIND_EVERY;
        let missing = self.all.iter().filter(|(_, peer)| !peer.is_here());
        let missing = missing.map(|(name, peer)| {
            (name.clone(), peer.endpoint.clone(), Some(peer.trouble().to_owned()))
        });
        let left = self.deadline.saturating_duration_since(now);
        Some(LaunchEvent::Waiting { missing: missing.collect(), left })
    }

    /// Those of `wanted` who are missing, each with address and reason, as part of a sentence.
    pub(super) fn missing(&self, wanted: impl Fn(&PartyName) -> bool) -> String {
        let missing = self.all.iter().filter(|(name, peer)| wanted(name) && !peer.is_here());
        let words = missing
            .map(|(name, peer)| format!("{name} at {}, who {}", peer.endpoint, peer.trouble()));
        words.collect::<Vec<_>>().join("; ")
    }

    /// The error for peers that never came.
    pub(super) fn absent(&self, me: &PartyName, waited: Duration) -> LaunchError {
        let never = |name: &PartyName| self.all.get(name).is_some_and(|peer| !peer.met);
        LaunchError::Absent { me: me.clone(), missing: self.missing(never), waited }
    }

    pub(super) fn reports(&self) -> BTreeMap<PartyName, PeerReport> {
        let report = |peer: &Peer| PeerReport {
            address: peer.endpoint.to_string(),
            phase: peer.snapshot.as_ref().map(|snapshot| snapshot.phase.to_string()),
            trouble: (!peer.is_here()).then(|| peer.trouble().to_owned()),
        };
        self.all.iter().map(|(name, peer)| (name.clone(), report(peer))).collect()
    }
}
