//! What the launcher knows of the other hosts of its own party.
//!
//! The first host watches the further ones: each calls it, as peers do, with the party's own certificate. Without all of
//! them no run begins, and one that has begun ends when one of them goes. A further host sees the first one only, whose
//! Ray its own node joins.

use std::collections::BTreeMap;

use crate::{
    launch::{
        local::status::PeerReport,
        machine::side::Side,
        peers::rendezvous::{
            Facts, LauncherPhase, MeetingEvent, OwnHosts, Snapshot, compare, sentences,
        },
    },
    plan::Deploy,
    types::{Endpoint, HostAddr, HostName, PartyName, Role},
};

use super::events::LaunchEvent;

/// Why a host is absent that has never called.
const NOT_HEARD: &str = "has not called";

/// The other hosts of the party, as this one sees them.
pub(super) struct Hosts {
    party: PartyName,
    /// The further hosts, of the first one.
    further: BTreeMap<HostName, Further>,
    /// The first host, of a further one.
    first: Option<First>,
}

struct Further {
    address: HostAddr,
    /// Its latest state, as long as its stream lasts.
    snapshot: Option<Snapshot>,
    /// Why it does not call, or does not count as here although it does.
    absence: String,
    /// Whether its launcher runs what this one does.
    agrees: bool,
}

struct First {
    name: HostName,
    endpoint: Endpoint,
    certified: HostAddr,
    /// Why it is not reached; `None` while it is.
    trouble: Option<String>,
}

/// What follows from an event.
#[derive(Default)]
pub(super) struct Noted {
    /// What is told.
    pub(super) told: Option<LaunchEvent>,
    /// Whether what joined the first host must do so again.
    pub(super) is_cut_off: bool,
}

impl Further {
    fn is_ready(&self) -> bool {
        let ready = |snapshot: &Snapshot| {
            snapshot.leaving.is_none()
                && !matches!(
                    snapshot.phase,
                    LauncherPhase::Preflight | LauncherPhase::Services | LauncherPhase::Stopping
                )
        };
        self.agrees && self.snapshot.as_ref().is_some_and(ready)
    }

    /// Why it is not ready, as a phrase that follows its name.
    fn trouble(&self) -> &str {
        match &self.snapshot {
            Some(snapshot) if self.agrees && snapshot.leaving.is_none() => {
                "is not ready: its Ray node or a service of it is not up"
            }
            _ => &self.absence,
        }
    }
}

impl Hosts {
    /// Of a party whose launchers start everything; other targets keep their hosts up without one.
    pub(super) fn new(side: &Side) -> Self {
        let mut hosts = Self { party: side.party().clone(), further: BTreeMap::new(), first: None };
        let main = side.plan.main();
        let Some(control) =
            main.port(&Role::Control).filter(|_| side.plan.deploy == Deploy::Process)
        else {
            return hosts;
        };
        if side.is_main() {
            let further = side.plan.hosts.iter().filter(|(name, _)| **name != side.host_name);
            let further = further.map(|(name, host)| {
                let (address, absence) = (host.own_address().clone(), NOT_HEARD.to_owned());
                (name.clone(), Further { address, snapshot: None, absence, agrees: true })
            });
            hosts.further = further.collect();
        } else {
            hosts.first = Some(First {
                name: side.plan.main_host.clone(),
                endpoint: Endpoint { host: main.own_address().clone(), port: control },
                certified: main.address.clone(),
                trouble: Some("was not reached yet".to_owned()),
            });
        }
        hosts
    }

    /// Whether there is nobody else.
    pub(super) fn is_alone(&self) -> bool {
        self.further.is_empty() && self.first.is_none()
    }

    /// How the meeting finds them.
    pub(super) fn for_meeting(&self, me: &HostName) -> OwnHosts {
        match &self.first {
            Some(first) => OwnHosts::First {
                me: me.clone(),
                endpoint: first.endpoint.clone(),
                name: first.certified.clone(),
            },
            None => {
                OwnHosts::Further(self.further.values().map(|host| host.address.clone()).collect())
            }
        }
    }

    /// Takes in what the meeting learned; events about peers are none of this.
    pub(super) fn note(&mut self, event: &MeetingEvent, facts: &Facts) -> Noted {
        match event {
            MeetingEvent::Host { host, snapshot } => self.called(host, snapshot, facts),
            MeetingEvent::HostGone { host, why } => {
                let Some(known) = self.further.get_mut(host) else { return Noted::default() };
                let has_said_so = known.snapshot.take().is_some_and(|last| last.leaving.is_some());
                if has_said_so {
                    return Noted::default();
                }
                known.absence.clone_from(why);
                told(host, why)
            }
            MeetingEvent::Reached { party } if *party == self.party => {
                let Some(first) = &mut self.first else { return Noted::default() };
                first.trouble = None;
                told(&first.name, "has taken note of this host")
            }
            MeetingEvent::Unreachable { party, why } if *party == self.party => {
                let Some(first) = &mut self.first else { return Noted::default() };
                let is_cut_off = first.trouble.is_none();
                first.trouble = Some(why.clone());
                let why = format!("{why}; this host joins it again when it is back");
                Noted { is_cut_off, ..told(&first.name, &why) }
            }
            _ => Noted::default(),
        }
    }

    fn called(&mut self, host: &HostName, snapshot: &Snapshot, facts: &Facts) -> Noted {
        let Some(known) = self.further.get_mut(host) else {
            return told(host, "calls as a host of this party, and is none in the plan");
        };
        let (was_ready, before) = (known.is_ready(), known.trouble().to_owned());
        // Both are hosts of one party, so their names tell them apart.
        let name = |host: &str| host.parse::<PartyName>().unwrap_or_else(|_| self.party.clone());
        let differences = compare(facts, &snapshot.facts, &name("this-host"), &name(host.as_str()));
        known.agrees = differences.is_empty();
        if !known.agrees {
            known.absence = format!("differs: {}", sentences(&differences));
        } else if let Some(why) = &snapshot.leaving {
            known.absence = format!("has left: {why}");
        }
        known.snapshot = Some(snapshot.clone());
        match known.is_ready() {
            true if !was_ready => told(host, "is ready"),
            false if was_ready || before != known.trouble() => told(host, known.trouble()),
            _ => Noted::default(),
        }
    }

    /// Whether all further hosts are there and ready.
    pub(super) fn all_ready(&self) -> bool {
        self.further.values().all(Further::is_ready)
    }

    /// Those that are not ready, each with address and reason, as part of a sentence; empty where all are.
    pub(super) fn missing(&self) -> String {
        let missing = self.further.iter().filter(|(_, host)| !host.is_ready());
        let words = missing.map(|(name, host)| {
            format!("host {name} at {}, which {}", host.address.bare(), host.trouble())
        });
        words.collect::<Vec<_>>().join("; ")
    }

    pub(super) fn reports(&self) -> BTreeMap<HostName, PeerReport> {
        let further = self.further.iter().map(|(name, host)| {
            let report = PeerReport {
                address: host.address.to_string(),
                phase: host.snapshot.as_ref().map(|snapshot| snapshot.phase.to_string()),
                trouble: (!host.is_ready()).then(|| host.trouble().to_owned()),
            };
            (name.clone(), report)
        });
        let first = self.first.iter().map(|first| {
            let phase = first.trouble.is_none().then(|| "reached".to_owned());
            let (address, trouble) = (first.endpoint.to_string(), first.trouble.clone());
            (first.name.clone(), PeerReport { address, phase, trouble })
        });
        further.chain(first).collect()
    }
}

fn told(host: &HostName, what: &str) -> Noted {
    let event = LaunchEvent::Host { host: host.clone(), what: what.to_owned() };
    Noted { told: Some(event), is_cut_off: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Digest;

    fn snapshot(phase: LauncherPhase) -> Snapshot {
        let facts = Facts {
            plan: Digest::of(b"plan"),
            topology: "t".parse().unwrap(),
            sfgen: "0.1.0".to_owned(),
            runtime: BTreeMap::new(),
            engine: None,
            clock: 1_800_000_000_000,
        };
        Snapshot { sequence: 1, facts, phase, jobs: Vec::new(), leaving: None }
    }

    fn first_host() -> Hosts {
        let further = Further {
            address: "10.0.0.3".parse().unwrap(),
            snapshot: None,
            absence: NOT_HEARD.to_owned(),
            agrees: true,
        };
        let further = [("bob-2".parse().unwrap(), further)].into();
        Hosts { party: "bob".parse().unwrap(), further, first: None }
    }

    fn says(hosts: &mut Hosts, snapshot: Snapshot) -> Option<String> {
        let facts = self::snapshot(LauncherPhase::Services).facts;
        let event = MeetingEvent::Host { host: "bob-2".parse().unwrap(), snapshot };
        match hosts.note(&event, &facts).told {
            Some(LaunchEvent::Host { what, .. }) => Some(what),
            _ => None,
        }
    }

    #[test]
    fn a_further_host_counts_once_its_services_are_up_and_its_plan_is_the_same() {
        let mut hosts = first_host();
        assert_eq!(hosts.missing(), "host bob-2 at 10.0.0.3, which has not called");
        says(&mut hosts, snapshot(LauncherPhase::Services));
        assert!(!hosts.all_ready());
        assert_eq!(says(&mut hosts, snapshot(LauncherPhase::Armed)).unwrap(), "is ready");
        assert_eq!(says(&mut hosts, snapshot(LauncherPhase::Armed)), None, "said once");
        assert!(hosts.all_ready());
        let mut other = snapshot(LauncherPhase::Armed);
        other.facts.plan = Digest::of(b"other");
        let told = says(&mut hosts, other).unwrap();
        assert!(told.starts_with("differs: bob-2 runs plan ") && told.contains("this-host runs"));
        assert!(!hosts.all_ready());
    }

    #[test]
    fn a_host_that_says_why_it_leaves_is_told_once() {
        let mut hosts = first_host();
        says(&mut hosts, snapshot(LauncherPhase::Armed));
        let last = Snapshot {
            leaving: Some("it was stopped".to_owned()),
            ..snapshot(LauncherPhase::Stopping)
        };
        assert_eq!(says(&mut hosts, last).unwrap(), "has left: it was stopped");
        let gone = MeetingEvent::HostGone { host: "bob-2".parse().unwrap(), why: "ended".into() };
        let facts = snapshot(LauncherPhase::Services).facts;
        assert!(hosts.note(&gone, &facts).told.is_none());
        assert_eq!(hosts.missing(), "host bob-2 at 10.0.0.3, which has left: it was stopped");
    }
}
