//! The launcher: brings services up, meets the peers, runs jobs in lockstep, and takes everything down again.
//!
//! [`prepare()`] makes sure that this machine is ready, [`launch()`] does the rest. One task owns all state and reacts to
//! one input at a time: a peer's snapshot, a service's change of phase, a request of a command, a job's line or end, a
//! signal, a deadline. [`Lockstep`] decides what is to be done about jobs; this module carries it out and tells the
//! peers. Nothing here waits for a peer without a deadline.

mod attendance;
mod awaited;
mod differing;
mod early;
mod error;
pub mod events;
mod hosts;
mod input;
mod installed;
mod jobs;
mod leave;
mod prepare;
mod repeats;
mod runs;
mod services;
pub mod specs;
mod state;
mod targets;

use std::sync::Arc;

use tokio::{sync::mpsc, time::Instant};

use crate::{
    launch::{
        local::{ClientRequest, Reply, Request},
        machine::{side::Side, state::Deployment},
        peers::{
            identity::Credentials,
            lockstep::{JobRule, Lockstep},
            rendezvous::{
                Facts, LauncherPhase, Listeners, Meeting, MeetingConfig, MeetingEvent, Snapshot,
                now_millis,
            },
        },
        processes::ServiceEvent,
    },
    plan::{FederationRuntime, Mode},
};

use attendance::Attendance;
use early::EarlyRequests;
pub use error::LaunchError;
use events::LaunchEvent;
use hosts::Hosts;
use input::{LauncherInput, Sources};
pub use installed::prepare_installed;
pub use prepare::{Launch, PrepareError, Releases, prepare, started_by_launcher};
use repeats::Repeats;
use runs::Runs;
use services::Services;
use specs::Specs;
pub use state::LaunchEnd;
use state::Launcher;

/// How often in a row it is told in full that a peer comes or goes, before that is counted.
const OF_PEER: u32 = 5;

/// Runs a launch to its end. On return no process, socket or task of it is left.
pub async fn launch(
    launch: Launch,
    report: &mut dyn FnMut(LaunchEvent),
) -> Result<LaunchEnd, LaunchError> {
    // Bound before anything starts, so that a port that is taken stops nothing.
    let hosts = Hosts::new(&launch.side);
    let door = open(&launch.side, &launch.deployment, &hosts).await?;
    let specs = Specs {
        side: &launch.side,
        deployment: &launch.deployment,
        venv: launch.venv.as_ref().map(|(venv, _)| venv),
    };
    report(LaunchEvent::Listening);
    let (services, service_events) = Services::start(&launch.guard, &specs)?;
    let peers = Attendance::new(&launch.side, launch.wait.map(|wait| Instant::now() + wait));
    let facts = facts(&launch);
    let first = Snapshot {
        sequence: 0,
        facts,
        phase: LauncherPhase::Services,
        jobs: Vec::new(),
        leaving: None,
    };
    let (meeting, meeting_events) = match door {
        Some((credentials, listeners)) => {
            let (peers, first) = (peers.endpoints(), first.clone());
            let own = hosts.for_meeting(&launch.side.host_name);
            let config = MeetingConfig { listeners, peers, credentials, own, first };
            let (meeting, events) = Meeting::start(config);
            (Some(meeting), events)
        }
        // Nobody to meet: the events end before they begin.
        None => (None, mpsc::channel(1).1),
    };
    let runs = Runs::new(launch.guard);
    let EarlyRequests { server, requests: socket_requests, held, .. } = launch.early;
    let lockstep = lockstep(&launch.side);
    let mut launcher = Launcher {
        single: launch.single,
        side: launch.side,
        deployment: launch.deployment,
        venv: launch.venv.map(|(venv, _)| venv),
        wait: launch.wait,
        services,
        meeting,
        peers,
        hosts,
        runs,
        lockstep,
        published: first,
        report,
        repeats: Repeats::default(),
        services_ready: false,
        sweeper: launch.sweeper,
        _socket: server,
    };
    let mut sources = Sources::new(
        held,
        launch.requests,
        socket_requests,
        service_events,
        meeting_events,
        launch.signals,
    );
    let outcome = launcher.supervise(&mut sources).await;
    launcher.leave(outcome, &mut sources).await
}

/// Who this party is, and what it listens on for its peers and its own further hosts; `None` where it has neither.
async fn open(
    side: &Side,
    deployment: &Deployment,
    hosts: &Hosts,
) -> Result<Option<(Arc<Credentials>, Listeners)>, LaunchError> {
    if side.control().is_none() && hosts.is_alone() {
        return Ok(None);
    }
    let tree = deployment.tree();
    let credentials = Credentials::load(&side.root, &tree, &side.plan, &side.federation)?;
    let credentials = if hosts.is_alone() { credentials } else { credentials.with_own_hosts() };
    let listeners = match side.control() {
        Some(control) => Listeners::at(&side.plan.listen, control).await?,
        None => Listeners::none(),
    };
    Ok(Some((Arc::new(credentials), listeners)))
}

fn lockstep(side: &Side) -> Lockstep {
    let jobs = side.plan.jobs.iter().map(|(name, job)| {
        // A job of a simulation runs once, for all parties, and nobody else has to agree.
        let parties = match side.federation.mode {
            Mode::Production => job.parties.clone(),
            Mode::Simulation => [side.party().clone()].into(),
        };
        (name.clone(), JobRule { parties, slots: job.slots })
    });
    let slots = side.federation.parties.get(side.party()).map_or(1, |party| party.slots);
    Lockstep::new(side.party().clone(), slots, jobs.collect())
}

fn facts(launch: &Launch) -> Facts {
    let engine = match &launch.side.federation.runtime {
        FederationRuntime::Embedded => None,
        FederationRuntime::Secretflow { engine, .. } => Some(engine.to_string()),
    };
    Facts {
        plan: launch.side.digest,
        topology: launch.side.federation.topology.clone(),
        sfgen: env!("CARGO_PKG_VERSION").to_owned(),
        runtime: launch.venv.as_ref().map(|(_, versions)| versions.clone()).unwrap_or_default(),
        engine,
        clock: now_millis(),
    }
}

impl Launcher<'_> {
    /// Reacts until there is a reason to end.
    async fn supervise(&mut self, sources: &mut Sources) -> Result<LaunchEnd, LaunchError> {
        self.services_ready = self.services.status().is_empty();
        self.advance();
        loop {
            let deadline = self.next_deadline();
            let input = sources.next(&mut self.runs, deadline).await;
            if let Some(end) = self.react(input)? {
                return Ok(end);
            }
            self.advance();
            if self.single && self.runs.all_settled() {
                return Ok(LaunchEnd::Stopped);
            }
        }
    }

    fn react(&mut self, input: LauncherInput) -> Result<Option<LaunchEnd>, LaunchError> {
        match input {
            LauncherInput::Signal => return Ok(Some(LaunchEnd::Interrupted)),
            LauncherInput::Request(request) => return Ok(self.answer(request)),
            LauncherInput::Service(event) => self.service(event)?,
            LauncherInput::Meeting(MeetingEvent::Refused { from, why }) => {
                let source = from.ip().to_string();
                if let Some(why) = self.repeats.note(&source, &why, 1, Instant::now()) {
                    (self.report)(LaunchEvent::Refused(format!("{from} {why}")));
                }
            }
            LauncherInput::Meeting(event) => {
                let facts = Facts { clock: now_millis(), ..self.published.facts.clone() };
                self.note_of_hosts(&event, &facts);
                let events = self.peers.note(event, &facts);
                for event in events {
                    if matches!(event, LaunchEvent::Left(_)) {
                        // For a launcher with one run only, a peer that has left is done as well.
                        if self.single {
                            continue;
                        }
                        // The peer's last word tells the end of its run too, which is to be told first.
                        self.advance();
                    }
                    self.report_of_others(event);
                }
            }
            LauncherInput::Run(ticket, event) => self.run_event(ticket, event),
            LauncherInput::Deadline => self.deadline()?,
        }
        Ok(None)
    }

    fn answer(&mut self, asked: ClientRequest) -> Option<LaunchEnd> {
        match asked.request {
            Request::Status => {
                let status = Box::new(self.status());
                let _ = asked.replies.try_send(Reply::Status(status)); // a client that is gone needs none
                None
            }
            Request::Stop => {
                self.runs.when_stopped(asked.replies);
                Some(LaunchEnd::Stopped)
            }
            Request::Run { held, .. } if held != self.side.held => {
                let problem = self.other_plan();
                let _ = asked.replies.try_send(Reply::Refused(problem)); // a client that is gone needs none
                None
            }
            Request::Run { ref job, wait, .. } => {
                let job = job.clone();
                let taken = self.request_run(job, wait.get(), asked.since, asked.replies);
                (self.single && !taken).then_some(LaunchEnd::Stopped)
            }
        }
    }

    fn service(&mut self, event: ServiceEvent) -> Result<(), LaunchError> {
        match event {
            ServiceEvent::Phase { service, phase, ending } => {
                let ending = ending.map(|ending| format!(" ({ending})")).unwrap_or_default();
                let what = format!("{phase}{ending}");
                (self.report)(LaunchEvent::Service { name: service, what });
            }
            ServiceEvent::Line { .. } => {}
            ServiceEvent::Log { service, trouble } => {
                let note = format!("service {service}: {trouble}");
                (self.report)(LaunchEvent::Note(note));
            }
            ServiceEvent::Failed(failure) => {
                return Err(LaunchError::Service { failure: Box::new(failure) });
            }
        }
        let status = self.services.status();
        self.services_ready = status.values().all(|service| service.phase.is_ready());
        Ok(())
    }

    /// Brings jobs on as far as services and peers allow, and publishes the state.
    fn advance(&mut self) {
        self.fail_requests_of_those_who_differ();
        // Without its services no run begins here; one that runs goes on, and ends.
        self.lockstep.may_start(self.services_ready && self.hosts.all_ready());
        if !self.hosts.all_ready() {
            // What runs may use the Ray node there, and would wait for it.
            let actions = self.lockstep.withdraw_begun(&self.hosts.missing());
            self.act_on(actions);
        }
        let actions = self.lockstep.step(&self.peers.views());
        self.act_on(actions);
        let phase = self.phase();
        if phase != self.published.phase && self.is_news(phase) {
            (self.report)(LaunchEvent::Phase(phase));
        }
        let jobs = self.lockstep.entries();
        let next = Snapshot { phase, jobs, ..self.published.clone() };
        if let Some(meeting) = &mut self.meeting {
            meeting.publish(next.clone());
        }
        self.published = next;
    }

    /// Takes in what happens to the party's other hosts.
    fn note_of_hosts(&mut self, event: &MeetingEvent, facts: &Facts) {
        let noted = self.hosts.note(event, facts);
        if noted.is_cut_off {
            self.services.join_again();
        }
        if let Some(event) = noted.told {
            (self.report)(event);
        }
    }

    /// Whether somebody who looks on learns anything by a phase. That peers leave after a run is no trouble, and nobody
    /// is waited for.
    fn is_news(&self, phase: LauncherPhase) -> bool {
        match phase {
            LauncherPhase::Armed => !(self.single && self.runs.any_started),
            LauncherPhase::Meeting => {
                self.peers.any_missing() && !(self.single && self.runs.any_started)
            }
            _ => true,
        }
    }

    /// When something must be reported or given up, if nothing happens before.
    fn next_deadline(&self) -> Option<Instant> {
        // A launcher for one run waits for the parties of that run only, and its request has a deadline of its own.
        let peers = [self.peers.deadline(), self.peers.next_reminder()];
        let peers = peers.into_iter().flatten().filter(|_| !self.single);
        let own = [self.runs.deadline(), self.repeats.deadline()];
        peers.chain(own.into_iter().flatten()).min()
    }

    fn deadline(&mut self) -> Result<(), LaunchError> {
        let now = Instant::now();
        if !self.single && self.peers.deadline().is_some_and(|deadline| deadline <= now) {
            return Err(self.peers.absent(self.side.party(), self.wait.unwrap_or_default()));
        }
        for ticket in self.runs.overdue(now) {
            self.give_up(ticket);
        }
        self.remind_clients(now);
        if let Some(event) = self.peers.reminder(now).filter(|_| !self.single) {
            (self.report)(event);
        }
        for line in self.repeats.due(now) {
            (self.report)(LaunchEvent::Note(line));
        }
        Ok(())
    }

    /// Reports what peers and strangers do. They can do it often, so repetitions are counted instead.
    fn report_of_others(&mut self, event: LaunchEvent) {
        let now = Instant::now();
        let told = match event {
            LaunchEvent::Gone { party, why } => {
                let why = self.repeats.note(party.as_str(), &why, OF_PEER, now);
                why.map(|why| LaunchEvent::Gone { party, why })
            }
            LaunchEvent::Met(party) => {
                let is_told = self.repeats.note(party.as_str(), "has come", OF_PEER, now).is_some();
                is_told.then_some(LaunchEvent::Met(party))
            }
            other => Some(other),
        };
        if let Some(event) = told {
            (self.report)(event);
        }
    }
}
