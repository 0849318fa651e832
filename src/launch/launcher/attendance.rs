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
            rendezvous::{Difference, Facts, MeetingEvent, Snapshot, compare, sentences},
        },
    },
    types::{Endpoint, JobName, PartyName, Role},
};

use super::{error::LaunchError, events::LaunchEvent};

/// How often missing peers are reported.
const REMIND_EVERY: Duration = Duration::from_secs(1);
/// Why a peer is absent that has never called.
const NOT_HEARD: &str = "has not called";
/// Why a peer is absent that this launcher reaches, while nothing comes from there.
const ONE_WAY: &str =
    "answers, but whose own calls do not arrive: is this party's control port open from there?";
/// What stands before the reason of a peer that has said why it leaves.
const HAS_LEFT: &str = "has left: ";
/// Why a launcher leaves that was started for one run.
pub(super) const RUN_IS_OVER: &str = "its run is over";

/// All peers of this party.
pub(super) struct Attendance {
    me: PartyName,
    all: BTreeMap<PartyName, Peer>,
    /// Until when all must have been here once, where that is not as long as the launcher is up.
    deadline: Option<Instant>,
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
    /// Why it does not call, or does not count as here although it does.
    absence: String,
    /// What it does not agree on with this party.
    differences: Vec<Difference>,
    /// Whether it acknowledges this launcher's state.
    reached: bool,
    /// Why this launcher's state does not reach it, if that was tried.
    unreachable: Option<String>,
}

impl Peer {
    /// One that was never here.
    fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            snapshot: None,
            heard: false,
            met: false,
            absence: NOT_HEARD.to_owned(),
            differences: Vec::new(),
            reached: false,
            unreachable: None,
        }
    }

    /// Whether it calls, and does not mean to leave.
    fn calls(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| snapshot.leaving.is_none())
    }

    /// Whether each hears the other and they agree: a link that works in one direction only starts nothing.
    fn is_here(&self) -> bool {
        self.calls() && self.reached && self.differences.is_empty()
    }

    /// Whether a run that has begun cannot go on with it. Clocks are judged before: a run does not need them any more.
    fn differs_in_what_runs(&self) -> bool {
        self.differences.iter().any(|difference| !difference.is_of_clocks())
    }

    /// Whether it is waited for: it is not here, and it did not leave because its run is over.
    fn is_missing(&self) -> bool {
        let is_done = !self.calls() && self.absence.strip_prefix(HAS_LEFT) == Some(RUN_IS_OVER);
        !self.is_here() && !is_done
    }

    /// Why it is not here, as a phrase that follows its name.
    fn trouble(&self) -> &str {
        match &self.unreachable {
            Some(why) => why,
            None if self.calls() && self.differences.is_empty() => "has not answered yet",
            None if self.reached && !self.heard => ONE_WAY,
            None => &self.absence,
        }
    }
}

impl Attendance {
    pub(super) fn new(side: &Side, deadline: Option<Instant>) -> Self {
        let meets = side.control().is_some();
        let peers = side.federation.peers(side.party()).into_iter().filter(|_| meets);
        let peers = peers.filter_map(|party| {
            let (_, host) = side.federation.main_host(&party)?;
            let port = host.ports.get(&Role::Control)?.first();
            let peer = Peer::new(Endpoint { host: host.address.clone(), port });
            Some((party, peer))
        });
        let me = side.party().clone();
        Self { me, all: peers.collect(), deadline, next_reminder: Instant::now() }
    }

    pub(super) fn endpoints(&self) -> BTreeMap<PartyName, Endpoint> {
        self.all.iter().map(|(name, peer)| (name.clone(), peer.endpoint.clone())).collect()
    }

    /// Takes in what the meeting learned. A peer that does not agree with this party on what must be the same is not
    /// here, with that reason; the others are not concerned.
    pub(super) fn note(&mut self, event: MeetingEvent, facts: &Facts) -> Vec<LaunchEvent> {
        let mut events = Vec::new();
        match event {
            MeetingEvent::Peer { party, snapshot } => {
                let Some(peer) = self.all.get_mut(&party) else { return events };
                let was_here = peer.is_here();
                let called = peer.calls();
                let differences = compare(facts, &snapshot.facts, &self.me, &party);
                if peer.differences.is_empty() || differences.is_empty() {
                    peer.differences = differences;
                    if !peer.differences.is_empty() {
                        peer.absence = format!("differs: {}", sentences(&peer.differences));
                        let why = peer.absence.clone();
                        events.push(LaunchEvent::Gone { party: party.clone(), why });
                    }
                }
                if let Some(why) = &snapshot.leaving {
                    peer.absence = format!("{HAS_LEFT}{why}");
                    if called && peer.differences.is_empty() {
                        events.push(if why == RUN_IS_OVER {
                            LaunchEvent::Left(party)
                        } else {
                            LaunchEvent::Gone { party, why: peer.absence.clone() }
                        });
                    }
                    peer.snapshot = Some(snapshot);
                } else {
                    peer.heard = true;
                    peer.snapshot = Some(snapshot);
                    if !peer.differences.is_empty() {
                        // It came, so nobody waits for it to come; what it lacks was told.
                        peer.met = true;
                    } else if peer.is_here() && !was_here {
                        peer.met = true;
                        events.push(LaunchEvent::Met(party));
                    }
                }
            }
            MeetingEvent::Gone { party, why } => {
                let Some(peer) = self.all.get_mut(&party) else { return events };
                // A peer that said why it leaves was reported then, and one that differs, too.
                if peer.calls() && peer.differences.is_empty() {
                    peer.absence.clone_from(&why);
                    events.push(LaunchEvent::Gone { party, why });
                }
                peer.snapshot = None;
                peer.differences.clear();
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
            // These are no peer's doing.
            MeetingEvent::Refused { .. }
            | MeetingEvent::Host { .. }
            | MeetingEvent::HostGone { .. } => {}
        }
        events
    }

    pub(super) fn views(&self) -> BTreeMap<PartyName, PeerView<'_>> {
        self.all
            .iter()
            .map(|(name, peer)| {
                let view = match &peer.snapshot {
                    Some(_) if peer.differs_in_what_runs() => PeerView::Absent(&peer.absence),
                    Some(snapshot) => PeerView::Present(&snapshot.jobs),
                    None if peer.heard => PeerView::Absent(&peer.absence),
                    // A peer that was never here has not gone away: others may have matched its requests already.
                    None => PeerView::Present(&[]),
                };
                (name.clone(), view)
            })
            .collect()
    }

    /// What one of these parties does not agree on with this one, and which party that is.
    pub(super) fn difference<'a>(
        &self,
        mut parties: impl Iterator<Item = &'a PartyName>,
    ) -> Option<&[Difference]> {
        let differing = parties.find_map(|party| {
            let peer = self.all.get(party)?;
            (!peer.differences.is_empty()).then_some(peer)
        });
        differing.map(|peer| peer.differences.as_slice())
    }

    pub(super) fn all_present(&self) -> bool {
        self.all.values().all(Peer::is_here)
    }

    /// Whether a peer is absent that is waited for.
    pub(super) fn any_missing(&self) -> bool {
        self.all.values().any(Peer::is_missing)
    }

    /// The peers that call, and so may get a last snapshot.
    pub(super) fn present(&self) -> BTreeSet<PartyName> {
        let here = self.all.iter().filter(|(_, peer)| peer.calls());
        here.map(|(name, _)| name.clone()).collect()
    }

    /// Until when peers that were never here are waited for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline.filter(|_| self.all.values().any(|peer| !peer.met))
    }

    /// When missing peers are reported next.
    pub(super) fn next_reminder(&self) -> Option<Instant> {
        self.any_missing().then_some(self.next_reminder)
    }

    /// The event about missing peers, if it is time for it.
    pub(super) fn reminder(&mut self, now: Instant) -> Option<LaunchEvent> {
        if !self.any_missing() || now < self.next_reminder {
            return None;
        }
        self.next_reminder = now + REMIND_EVERY;
        let missing = self.all.iter().filter(|(_, peer)| peer.is_missing());
        let missing = missing.map(|(name, peer)| {
            (name.clone(), peer.endpoint.clone(), Some(peer.trouble().to_owned()))
        });
        let left = self.deadline().map(|deadline| deadline.saturating_duration_since(now));
        Some(LaunchEvent::Waiting { missing: missing.collect(), left })
    }

    /// Those of `wanted` who are missing, each with address and reason, as part of a sentence.
    ///
    /// A peer whose run is over may have given up because of somebody else who is missing, so it is named only where
    /// nobody else is.
    pub(super) fn missing(&self, wanted: impl Fn(&PartyName) -> bool) -> String {
        let absent = || self.all.iter().filter(|(name, peer)| wanted(name) && !peer.is_here());
        let words = |(name, peer): (&PartyName, &Peer)| {
            format!("{name} at {}, who {}", peer.endpoint, peer.trouble())
        };
        let mut told: Vec<_> = absent().filter(|(_, peer)| peer.is_missing()).map(words).collect();
        if told.is_empty() {
            told = absent().map(words).collect();
        }
        told.join("; ")
    }

    /// Those of `wanted` who are here and show no request for the job.
    pub(super) fn not_asking(
        &self,
        job: &JobName,
        wanted: impl Fn(&PartyName) -> bool,
    ) -> Vec<&PartyName> {
        let asks = |peer: &Peer| {
            let jobs = peer.snapshot.iter().flat_map(|snapshot| &snapshot.jobs);
            jobs.into_iter().any(|entry| entry.job == *job && !entry.state.is_over())
        };
        let here = self.all.iter().filter(|(name, peer)| wanted(name) && peer.is_here());
        here.filter(|(_, peer)| !asks(peer)).map(|(name, _)| name).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{launch::peers::rendezvous::LauncherPhase, types::Digest};

    fn facts() -> Facts {
        Facts {
            plan: Digest::of(b"plan"),
            topology: "t".parse().unwrap(),
            sfgen: "0.1.0".to_owned(),
            runtime: BTreeMap::new(),
            engine: None,
            clock: 1_800_000_000_000,
        }
    }

    /// Alice's view of bob, who calls and is called.
    fn met() -> Attendance {
        let endpoint =
            Endpoint { host: "10.0.0.2".parse().unwrap(), port: 20_000.try_into().unwrap() };
        let bob = Peer::new(endpoint);
        let mut peers = Attendance {
            me: "alice".parse().unwrap(),
            all: [("bob".parse().unwrap(), bob)].into(),
            deadline: Some(Instant::now()),
            next_reminder: Instant::now(),
        };
        peers.note(MeetingEvent::Reached { party: "bob".parse().unwrap() }, &facts());
        assert!(matches!(bob_says(&mut peers, facts())[..], [LaunchEvent::Met(_)]));
        peers
    }

    fn bob_says(peers: &mut Attendance, facts_of_bob: Facts) -> Vec<LaunchEvent> {
        let (phase, jobs, leaving) = (LauncherPhase::Running, Vec::new(), None);
        let snapshot = Snapshot { sequence: 1, facts: facts_of_bob, phase, jobs, leaving };
        let event = MeetingEvent::Peer { party: "bob".parse().unwrap(), snapshot };
        peers.note(event, &facts())
    }

    fn view(peers: &Attendance) -> PeerView<'_> {
        peers.views()[&"bob".parse::<PartyName>().unwrap()]
    }

    #[test]
    fn a_clock_that_runs_away_ends_no_run_that_has_begun() {
        let mut peers = met();
        let away = |seconds: u64| Facts { clock: facts().clock + seconds * 1000, ..facts() };
        let told = bob_says(&mut peers, away(31));
        assert!(matches!(&told[..], [LaunchEvent::Gone { why, .. }] if why.contains("31 s ahead")));
        assert!(matches!(view(&peers), PeerView::Present(_)), "a run with bob goes on");
        assert!(!peers.all_present(), "and none begins");
        assert_eq!(bob_says(&mut peers, away(32)), [], "said once");
        assert!(matches!(bob_says(&mut peers, facts())[..], [LaunchEvent::Met(_)]));
        assert!(peers.all_present());
    }

    #[test]
    fn who_gave_up_because_another_did_not_come_is_not_the_one_that_is_missing() {
        let mut peers = met();
        let port = 20_000.try_into().unwrap();
        let carol = Endpoint { host: "10.0.0.3".parse().unwrap(), port };
        peers.all.insert("carol".parse().unwrap(), Peer::new(carol));
        let (phase, leaving) = (LauncherPhase::Stopping, Some(RUN_IS_OVER.to_owned()));
        let last = Snapshot { sequence: 2, facts: facts(), phase, jobs: Vec::new(), leaving };
        let bob: PartyName = "bob".parse().unwrap();
        peers.note(MeetingEvent::Peer { party: bob.clone(), snapshot: last }, &facts());
        let why = "closed the connection".to_owned();
        peers.note(MeetingEvent::Unreachable { party: bob, why }, &facts());
        assert_eq!(peers.missing(|_| true), "carol at 10.0.0.3:20000, who has not called");
        peers.all.retain(|name, _| name.as_str() != "carol");
        assert!(peers.missing(|_| true).starts_with("bob at "), "he is all that is missing");
    }

    #[test]
    fn another_plan_makes_a_peer_absent_with_the_reason_until_it_agrees() {
        let mut peers = met();
        bob_says(&mut peers, Facts { plan: Digest::of(b"other"), ..facts() });
        let PeerView::Absent(why) = view(&peers) else { panic!("bob is absent") };
        assert!(why.starts_with("differs: alice runs plan "), "{why}");
        assert_eq!(peers.deadline(), None, "he came, so nobody waits for him to come");
        bob_says(&mut peers, facts());
        assert!(matches!(view(&peers), PeerView::Present(_)) && peers.all_present());
    }
}
