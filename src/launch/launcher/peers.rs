//! What the launcher knows of its peers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    launch::{
        events::Event,
        muster::PeerView,
        rendezvous::{Facts, MeetingEvent, Snapshot, compare},
        side::Side,
        status::PeerReport,
    },
    types::{Endpoint, PartyName, Role},
};

use super::LaunchError;

/// How often missing peers are spoken of.
const WORD_EVERY: Duration = Duration::from_secs(1);
/// What is said of a peer that was never heard of.
const NOT_HEARD: &str = "has not called";

/// All peers of this party.
pub(super) struct Peers {
    me: PartyName,
    all: BTreeMap<PartyName, Peer>,
    /// Until when all must have been here once.
    deadline: Instant,
    next_word: Instant,
}

struct Peer {
    endpoint: Endpoint,
    /// Its latest state, as long as its stream lasts; the last word of one who leaves counts, too.
    snapshot: Option<Snapshot>,
    /// Whether it was ever here.
    met: bool,
    /// Why it is not here.
    absence: String,
    /// Why it cannot be told anything.
    unreachable: Option<String>,
}

impl Peer {
    fn is_here(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| snapshot.leaving.is_none())
    }
}

impl Peers {
    pub(super) fn new(side: &Side, deadline: Instant) -> Self {
        let peers = side.federation.peers(side.party()).into_iter().filter_map(|party| {
            let (_, host) = side.federation.main_host(&party)?;
            let port = host.ports.get(&Role::Control)?.first();
            let peer = Peer {
                endpoint: Endpoint { host: host.address.clone(), port },
                snapshot: None,
                met: false,
                absence: NOT_HEARD.to_owned(),
                unreachable: None,
            };
            Some((party, peer))
        });
        let me = side.party().clone();
        Self { me, all: peers.collect(), deadline, next_word: Instant::now() }
    }

    pub(super) fn endpoints(&self) -> BTreeMap<PartyName, Endpoint> {
        self.all.iter().map(|(name, peer)| (name.clone(), peer.endpoint.clone())).collect()
    }

    /// Takes in what the meeting learned; an error where a peer is not what it must be.
    pub(super) fn note(
        &mut self,
        event: MeetingEvent,
        facts: &Facts,
    ) -> Result<Vec<Event>, LaunchError> {
        let mut told = Vec::new();
        match event {
            MeetingEvent::Peer { party, snapshot } => {
                let Some(peer) = self.all.get_mut(&party) else { return Ok(told) };
                let was_here = peer.is_here();
                let differences = compare(facts, &snapshot.facts, &self.me, &party);
                if !differences.is_empty() {
                    // It counts as here, so that it hears our last word and finds the difference itself.
                    peer.snapshot = Some(snapshot);
                    return Err(LaunchError::Differs(differences));
                }
                if let Some(why) = &snapshot.leaving {
                    peer.absence = format!("has left: {why}");
                    if was_here {
                        told.push(Event::Gone { party, why: peer.absence.clone() });
                    }
                } else {
                    peer.met = true;
                    if !was_here {
                        told.push(Event::Met(party));
                    }
                }
                peer.snapshot = Some(snapshot);
            }
            MeetingEvent::Gone { party, why } => {
                let Some(peer) = self.all.get_mut(&party) else { return Ok(told) };
                // Of one who said why it leaves, the end of the stream is no news.
                if peer.is_here() {
                    peer.absence.clone_from(&why);
                    told.push(Event::Gone { party, why });
                }
                peer.snapshot = None;
            }
            MeetingEvent::Unreachable { party, why } => {
                if let Some(peer) = self.all.get_mut(&party) {
                    peer.unreachable = Some(why);
                }
            }
            MeetingEvent::Reached { party } => {
                if let Some(peer) = self.all.get_mut(&party) {
                    peer.unreachable = None;
                }
            }
            MeetingEvent::Refused { from, why } => {
                told.push(Event::Refused(format!("{from} {why}")));
            }
        }
        Ok(told)
    }

    pub(super) fn views(&self) -> BTreeMap<PartyName, PeerView<'_>> {
        self.all
            .iter()
            .map(|(name, peer)| {
                let view = match &peer.snapshot {
                    Some(snapshot) => PeerView::Present(&snapshot.jobs),
                    None if peer.met => PeerView::Absent(&peer.absence),
                    // Whoever was never here has not gone away: others may have met it and matched its wishes already.
                    None => PeerView::Present(&[]),
                };
                (name.clone(), view)
            })
            .collect()
    }

    pub(super) fn all_present(&self) -> bool {
        self.all.values().all(Peer::is_here)
    }

    /// The peers that are here.
    pub(super) fn present(&self) -> BTreeSet<PartyName> {
        let here = self.all.iter().filter(|(_, peer)| peer.is_here());
        here.map(|(name, _)| name.clone()).collect()
    }

    /// Until when peers that were never here are waited for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.all.values().any(|peer| !peer.met).then_some(self.deadline)
    }

    /// When missing peers are spoken of next.
    pub(super) fn next_word(&self) -> Option<Instant> {
        (!self.all_present()).then_some(self.next_word)
    }

    /// The word on missing peers, if it is time for it.
    pub(super) fn word(&mut self, now: Instant) -> Option<Event> {
        if self.all_present() || now < self.next_word {
            return None;
        }
        self.next_word = now + WORD_EVERY;
        let missing = self.all.iter().filter(|(_, peer)| !peer.is_here());
        let missing = missing.map(|(name, peer)| {
            let why = peer.unreachable.clone().unwrap_or_else(|| peer.absence.clone());
            (name.clone(), peer.endpoint.clone(), Some(why))
        });
        let left = self.deadline.saturating_duration_since(now);
        Some(Event::Waiting { missing: missing.collect(), left })
    }

    /// Those of `wanted` who are missing, each with address and reason, as part of a sentence.
    pub(super) fn missing(&self, wanted: impl Fn(&PartyName) -> bool) -> String {
        let missing = self.all.iter().filter(|(name, peer)| wanted(name) && !peer.is_here());
        let words = missing.map(|(name, peer)| {
            let why = peer.unreachable.as_ref().unwrap_or(&peer.absence);
            format!("{name} at {}, who {why}", peer.endpoint)
        });
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
            trouble: match (&peer.snapshot, &peer.unreachable) {
                (_, Some(why)) => Some(why.clone()),
                (None, None) => Some(peer.absence.clone()),
                (Some(_), None) => None,
            },
        };
        self.all.iter().map(|(name, peer)| (name.clone(), report(peer))).collect()
    }
}
