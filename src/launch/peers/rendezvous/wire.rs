//! Snapshots to and from protobuf. What a peer sent is checked here, once; beyond this file it is typed.

use std::{collections::BTreeMap, fmt::Write as _, str::FromStr};

use thiserror::Error;

use super::snapshot::{ENTRIES, Facts, JobEntry, JobState, LauncherPhase, Match, Snapshot, Ticket};
use crate::types::{Digest, NameError, PartyName, is_display_control};

/// The generated messages and stubs; `tests/it/generated.rs` keeps them equal to the proto file.
#[allow(clippy::pedantic, missing_docs, unreachable_pub, reason = "generated")]
pub(super) mod pb {
    include!("gen/sfgen.rendezvous.v1.rs");
}

/// The longest text of a peer that is kept, in characters. What is cut is told at its end.
const TEXT: usize = 2000;

/// The longest name of an engine or release, in characters.
const RELEASE: usize = 100;

/// The most parts of a runtime whose releases are compared.
const PARTS: usize = 32;

/// The most parties that one entry may name.
const PARTIES: usize = 4096;

/// What is wrong with a peer's message, as a phrase that follows its name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// A field that every message has is absent.
    #[error("sent a message without `{0}`")]
    Missing(&'static str),
    /// Bytes of another length.
    #[error("sent a `{field}` of {len} bytes")]
    Length {
        /// The field.
        field: &'static str,
        /// How long it is.
        len: usize,
    },
    /// A name that no plan can hold.
    #[error("sent a `{field}` that is no name: {why}")]
    Name {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: NameError,
    },
    /// More of something than is kept.
    #[error("sent {number} {what}; at most {most} are taken")]
    TooMany {
        /// What it is.
        what: &'static str,
        /// How many.
        number: usize,
        /// How many are taken.
        most: usize,
    },
    /// A number outside its range.
    #[error("sent a `{field}` of {number}")]
    Number {
        /// The field.
        field: &'static str,
        /// The number.
        number: u64,
    },
}

impl From<&Snapshot> for pb::Snapshot {
    fn from(snapshot: &Snapshot) -> Self {
        let facts = &snapshot.facts;
        Self {
            sequence: snapshot.sequence,
            facts: Some(pb::Facts {
                plan: facts.plan.bytes().to_vec(),
                topology: facts.topology.to_string(),
                sfgen: facts.sfgen.clone(),
                runtime: facts.runtime.clone(),
                engine: facts.engine.clone(),
                clock_millis: facts.clock,
            }),
            phase: match snapshot.phase {
                LauncherPhase::Preflight => pb::Phase::Preflight,
                LauncherPhase::Services => pb::Phase::Services,
                LauncherPhase::Meeting => pb::Phase::Meeting,
                LauncherPhase::Armed => pb::Phase::Armed,
                LauncherPhase::Running => pb::Phase::Running,
                LauncherPhase::Stopping => pb::Phase::Stopping,
            }
            .into(),
            jobs: snapshot.jobs.iter().map(pb::JobEntry::from).collect(),
            leaving: snapshot.leaving.clone(),
        }
    }
}

impl From<&JobEntry> for pb::JobEntry {
    fn from(entry: &JobEntry) -> Self {
        use pb::job_entry::State;
        Self {
            job: entry.job.to_string(),
            ticket: entry.ticket.bytes().to_vec(),
            script: entry.script.map(|script| script.bytes().to_vec()),
            state: Some(match &entry.state {
                JobState::Waiting => State::Waiting(pb::Waiting {}),
                JobState::Armed(run) => State::Armed(run.into()),
                JobState::Running(run) => State::Running(run.into()),
                JobState::Done(run) => State::Done(run.into()),
                JobState::Failed { matched, cause } => State::Failed(pb::Failed {
                    r#match: matched.as_ref().map(pb::Match::from),
                    cause: cause.clone(),
                }),
            }),
            heard: entry.heard.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&Match> for pb::Match {
    fn from(run: &Match) -> Self {
        let seat = |(party, ticket): (&PartyName, &Ticket)| pb::Seat {
            party: party.to_string(),
            ticket: ticket.bytes().to_vec(),
        };
        Self { seats: run.tickets.iter().map(seat).collect(), slot: run.slot.into() }
    }
}

impl TryFrom<pb::Snapshot> for Snapshot {
    type Error = WireError;

    fn try_from(message: pb::Snapshot) -> Result<Self, WireError> {
        let facts = message.facts.ok_or(WireError::Missing("facts"))?;
        at_most(PARTS, facts.runtime.len(), "parts of a runtime")?;
        at_most(ENTRIES, message.jobs.len(), "requests for jobs")?;
        let runtime = facts.runtime.iter();
        let runtime = runtime.map(|(name, of)| Ok((release(name)?, release(of)?)));
        Ok(Self {
            sequence: message.sequence,
            facts: Facts {
                plan: digest("plan", &facts.plan)?,
                topology: name("topology", &facts.topology)?,
                sfgen: release(&facts.sfgen)?,
                runtime: runtime.collect::<Result<_, WireError>>()?,
                engine: facts.engine.as_deref().map(release).transpose()?,
                clock: facts.clock_millis,
            },
            phase: match pb::Phase::try_from(message.phase) {
                Ok(pb::Phase::Preflight) => LauncherPhase::Preflight,
                Ok(pb::Phase::Services) => LauncherPhase::Services,
                Ok(pb::Phase::Meeting) => LauncherPhase::Meeting,
                Ok(pb::Phase::Armed) => LauncherPhase::Armed,
                Ok(pb::Phase::Running) => LauncherPhase::Running,
                Ok(pb::Phase::Stopping) => LauncherPhase::Stopping,
                Ok(pb::Phase::Unspecified) | Err(_) => return Err(WireError::Missing("phase")),
            },
            jobs: message.jobs.into_iter().map(JobEntry::try_from).collect::<Result<_, _>>()?,
            leaving: message.leaving.as_deref().map(text),
        })
    }
}

impl TryFrom<pb::JobEntry> for JobEntry {
    type Error = WireError;

    fn try_from(message: pb::JobEntry) -> Result<Self, WireError> {
        use pb::job_entry::State;
        at_most(PARTIES, message.heard.len(), "parties in one request")?;
        let heard = message.heard.iter().map(|party| name("heard", party));
        Ok(Self {
            job: name("job", &message.job)?,
            ticket: ticket(&message.ticket)?,
            script: message.script.map(|bytes| digest("script", &bytes)).transpose()?,
            state: match message.state.ok_or(WireError::Missing("state"))? {
                State::Waiting(pb::Waiting {}) => JobState::Waiting,
                State::Armed(run) => JobState::Armed(run.try_into()?),
                State::Running(run) => JobState::Running(run.try_into()?),
                State::Done(run) => JobState::Done(run.try_into()?),
                State::Failed(failed) => JobState::Failed {
                    matched: failed.r#match.map(Match::try_from).transpose()?,
                    cause: text(&failed.cause),
                },
            },
            heard: heard.collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<pb::Match> for Match {
    type Error = WireError;

    fn try_from(message: pb::Match) -> Result<Self, WireError> {
        at_most(PARTIES, message.seats.len(), "parties in one run")?;
        let seats = message.seats.into_iter();
        let tickets =
            seats.map(|seat| Ok((name("seat party", &seat.party)?, ticket(&seat.ticket)?)));
        let slot = u16::try_from(message.slot)
            .map_err(|_| WireError::Number { field: "slot", number: message.slot.into() })?;
        Ok(Self { tickets: tickets.collect::<Result<BTreeMap<_, _>, _>>()?, slot })
    }
}

fn name<T: FromStr<Err = NameError>>(field: &'static str, text: &str) -> Result<T, WireError> {
    text.parse().map_err(|why| WireError::Name { field, why })
}

fn digest(field: &'static str, bytes: &[u8]) -> Result<Digest, WireError> {
    let exact = <[u8; 32]>::try_from(bytes);
    exact.map(Digest::from).map_err(|_| WireError::Length { field, len: bytes.len() })
}

fn ticket(bytes: &[u8]) -> Result<Ticket, WireError> {
    let exact = <[u8; 16]>::try_from(bytes);
    exact.map(Ticket::from).map_err(|_| WireError::Length { field: "ticket", len: bytes.len() })
}

fn at_most(most: usize, number: usize, what: &'static str) -> Result<(), WireError> {
    if number > most { Err(WireError::TooMany { what, number, most }) } else { Ok(()) }
}

/// The name of a release, which is compared as it is and so cannot be cut.
fn release(peers: &str) -> Result<String, WireError> {
    at_most(RELEASE, peers.chars().count(), "characters as the name of a release")?;
    Ok(text(peers))
}

/// A text of a peer, made safe for this machine's terminal and log: a blank for what they would act on, and cut.
fn text(peers: &str) -> String {
    let mut characters = peers.chars();
    let kept = characters.by_ref().take(TEXT);
    let mut text: String = kept.map(|c| if is_display_control(c) { ' ' } else { c }).collect();
    let cut = characters.count();
    if cut > 0 {
        let _ = write!(text, "... ({cut} more characters)"); // writing to memory succeeds
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::peers::rendezvous::tests::snapshot;

    fn full() -> Snapshot {
        let run = Match {
            tickets: [("alice", 1), ("bob", 2)]
                .map(|(party, n)| (party.parse().unwrap(), Ticket::from([n; 16])))
                .into(),
            slot: 3,
        };
        let failed = JobState::Failed { matched: Some(run.clone()), cause: "bob: lost".into() };
        let states = [
            JobState::Waiting,
            JobState::Armed(run.clone()),
            JobState::Running(run.clone()),
            JobState::Done(run),
            failed,
            JobState::Failed { matched: None, cause: "no".into() },
        ];
        let entry = |state| JobEntry {
            job: "psi".parse().unwrap(),
            ticket: Ticket::from([1; 16]),
            script: Some(Digest::of(b"script")),
            state,
            heard: ["bob".parse().unwrap()].into(),
        };
        Snapshot { jobs: states.map(entry).into(), leaving: Some("bye".into()), ..snapshot(7) }
    }

    #[test]
    fn a_snapshot_survives_the_wire() {
        assert_eq!(Snapshot::try_from(pb::Snapshot::from(&full())), Ok(full()));
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let why = |change: fn(&mut pb::Snapshot)| {
            let mut message = pb::Snapshot::from(&full());
            change(&mut message);
            Snapshot::try_from(message).unwrap_err().to_string()
        };
        assert_eq!(why(|m| m.facts = None), "sent a message without `facts`");
        assert_eq!(why(|m| m.phase = 99), "sent a message without `phase`");
        assert_eq!(why(|m| m.jobs[0].state = None), "sent a message without `state`");
        assert_eq!(why(|m| m.jobs[0].ticket.truncate(3)), "sent a `ticket` of 3 bytes");
        assert_eq!(
            why(|m| m.jobs[0].job = "../x".into()),
            "sent a `job` that is no name: a name is made of `a-z`, `0-9` and `-`, not '.'"
        );
        let slot = |m: &mut pb::Snapshot| {
            let run = pb::Match { seats: vec![], slot: 70_000 };
            m.jobs[0].state = Some(pb::job_entry::State::Armed(run));
        };
        assert_eq!(why(slot), "sent a `slot` of 70000");
    }

    #[test]
    fn a_peers_words_cannot_drive_the_terminal() {
        let mut message = pb::Snapshot::from(&full());
        message.leaving = Some("\u{1b}[2J\nbye".to_owned() + &"x".repeat(5000));
        let leaving = Snapshot::try_from(message).unwrap().leaving.unwrap();
        assert!(leaving.starts_with(" [2J bye"), "{leaving}");
        assert!(leaving.ends_with("xxx... (3008 more characters)"), "{leaving}");
        assert!(leaving.chars().count() < TEXT + 40);
    }

    #[test]
    fn what_is_more_than_a_launcher_keeps_for_a_peer_is_told_with_the_limit() {
        let why = |change: fn(&mut pb::Snapshot)| {
            let mut message = pb::Snapshot::from(&full());
            change(&mut message);
            Snapshot::try_from(message).unwrap_err().to_string()
        };
        assert_eq!(
            why(|m| m.jobs = vec![m.jobs[0].clone(); 1001]),
            "sent 1001 requests for jobs; at most 1000 are taken"
        );
        assert_eq!(
            why(|m| m.jobs[0].heard = vec!["bob".into(); 5000]),
            "sent 5000 parties in one request; at most 4096 are taken"
        );
        assert_eq!(
            why(|m| m.facts.as_mut().unwrap().sfgen = "9".repeat(101)),
            "sent 101 characters as the name of a release; at most 100 are taken"
        );
        let many = |m: &mut pb::Snapshot| {
            let parts = (0..40).map(|part| (part.to_string(), "1".to_owned()));
            m.facts.as_mut().unwrap().runtime = parts.collect();
        };
        assert_eq!(why(many), "sent 40 parts of a runtime; at most 32 are taken");
        let seats = |m: &mut pb::Snapshot| {
            let seat = pb::Seat { party: "bob".into(), ticket: vec![0; 16] };
            let run = pb::Match { seats: vec![seat; 4097], slot: 0 };
            m.jobs[0].state = Some(pb::job_entry::State::Armed(run));
        };
        assert_eq!(why(seats), "sent 4097 parties in one run; at most 4096 are taken");
    }
}
