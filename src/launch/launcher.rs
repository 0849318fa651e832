//! The launcher: services up, peers met, jobs in lockstep, everything down again.
//!
//! One task owns all state and reacts to one happening at a time: a word of a peer, a service that moved on, an order,
//! a job's line or end, a signal, a deadline. What is to be done about jobs is decided by [`Muster`]; this module
//! carries it out and tells the peers. Nothing here waits for a peer without a deadline.

mod error;
pub mod events;
mod happening;
mod leave;
mod peers;
mod runs;
pub mod specs;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use crate::{
    launch::{
        local::{
            self, Order, Reply, Request,
            status::{LauncherStatus, ServiceReport},
        },
        machine::{python::Venv, side::Side, state::Deployment},
        peers::{
            identity::Credentials,
            muster::{JobRule, Muster},
            rendezvous::{Facts, Listeners, Meeting, MeetingConfig, Phase, Snapshot, now_millis},
        },
        processes::{GuardProgram, ServiceEvent, Supervisor},
    },
    plan::FederationRuntime,
    types::Role,
};

pub use error::LaunchError;
use events::Event;
use happening::{Happening, Sources};
use peers::Peers;
use runs::Runs;
use specs::Specs;

/// Releases by name: `python`, `secretflow`, `ray`, `spu`.
pub type Releases = BTreeMap<String, String>;

/// What a launch needs.
pub struct Launch {
    /// The verified plan.
    pub side: Side,
    /// The place on this machine.
    pub deployment: Deployment,
    /// The Python environment, if the runtime needs one, and the releases in it.
    pub venv: Option<(Venv, Releases)>,
    /// How long to wait for peers.
    pub wait: Duration,
    /// Whether the launch is for one job only, so that it ends with it.
    pub single: bool,
    /// Orders from within this process, beside those from the socket.
    pub orders: mpsc::Receiver<Order>,
}

/// How a launch ended that nothing went wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaunchEnd {
    /// By order, or because its only job is over.
    Stopped,
    /// By SIGINT or SIGTERM.
    Interrupted,
}

/// Runs a launch to its end. On return no process, socket or task of it is left.
pub async fn launch(
    launch: Launch,
    report: &mut dyn FnMut(Event),
) -> Result<LaunchEnd, LaunchError> {
    let credentials = Credentials::load(
        &launch.side.root,
        &launch.side.tree,
        &launch.side.plan,
        &launch.side.federation,
    )?;
    let control = launch.side.plan.main().port(&Role::Control).ok_or(LaunchError::NoControlPort)?;
    let listeners = Listeners::at(&launch.side.plan.listen, control).await?;
    let specs = Specs {
        side: &launch.side,
        deployment: &launch.deployment,
        venv: launch.venv.as_ref().map(|(venv, _)| venv),
    };
    let guard = GuardProgram::this();
    let (supervisor, service_events) = Supervisor::start(&guard, specs.services())?;
    let peers = Peers::new(&launch.side, Instant::now() + launch.wait);
    let facts = facts(&launch);
    let first =
        Snapshot { sequence: 0, facts, phase: Phase::Services, jobs: Vec::new(), leaving: None };
    let (meeting, meeting_events) = Meeting::start(MeetingConfig {
        listeners,
        peers: peers.endpoints(),
        credentials: Arc::new(credentials),
        first: first.clone(),
    });
    let (order_sender, socket_orders) = mpsc::channel(16);
    let socket = local::serve(&launch.deployment.socket(), order_sender)?;
    let runs = Runs::new(guard);
    let muster = muster(&launch.side);
    let mut launcher = Launcher {
        single: launch.single,
        side: launch.side,
        deployment: launch.deployment,
        venv: launch.venv.map(|(venv, _)| venv),
        wait: launch.wait,
        supervisor,
        meeting,
        peers,
        runs,
        muster,
        published: first,
        report,
        services_ready: false,
        _socket: socket,
    };
    let mut sources = Sources::new(launch.orders, socket_orders, service_events, meeting_events)?;
    let outcome = launcher.supervise(&mut sources).await;
    launcher.leave(outcome, &mut sources).await
}

fn muster(side: &Side) -> Muster {
    let jobs = side.plan.jobs.iter().map(|(name, job)| {
        (name.clone(), JobRule { parties: job.parties.clone(), slots: job.slots })
    });
    let slots = side.federation.parties.get(side.party()).map_or(1, |party| party.slots);
    Muster::new(side.party().clone(), slots, jobs.collect())
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

/// Everything that a running launch owns.
struct Launcher<'a> {
    side: Side,
    deployment: Deployment,
    venv: Option<Venv>,
    wait: Duration,
    single: bool,
    supervisor: Supervisor,
    meeting: Meeting,
    peers: Peers,
    runs: Runs,
    muster: Muster,
    /// The state that peers were told last.
    published: Snapshot,
    report: &'a mut dyn FnMut(Event),
    services_ready: bool,
    /// Dropping it closes the socket.
    _socket: tokio::task::JoinSet<()>,
}

impl Launcher<'_> {
    /// Reacts until there is a reason to end.
    async fn supervise(&mut self, sources: &mut Sources) -> Result<LaunchEnd, LaunchError> {
        self.services_ready = self.supervisor.status().is_empty();
        self.advance();
        loop {
            let deadline = self.next_deadline();
            let happening = sources.next(&mut self.runs, deadline).await;
            if let Some(end) = self.react(happening)? {
                return Ok(end);
            }
            self.advance();
            if self.single && self.runs.all_settled() {
                return Ok(LaunchEnd::Stopped);
            }
        }
    }

    fn react(&mut self, happening: Happening) -> Result<Option<LaunchEnd>, LaunchError> {
        match happening {
            Happening::Signal => return Ok(Some(LaunchEnd::Interrupted)),
            Happening::Order(order) => return Ok(self.obey(order)),
            Happening::Service(event) => self.service(event)?,
            Happening::Meeting(event) => {
                let facts = Facts { clock: now_millis(), ..self.published.facts.clone() };
                let told = self.peers.note(event, &facts)?;
                for event in told {
                    (self.report)(event);
                }
            }
            Happening::Run(ticket, event) => self.run_event(ticket, event),
            Happening::Deadline => self.deadline()?,
        }
        Ok(None)
    }

    fn obey(&mut self, order: Order) -> Option<LaunchEnd> {
        match order.request {
            Request::Status => {
                let status = Box::new(self.status());
                let _ = order.replies.try_send(Reply::Status(status)); // a client that is gone needs none
                None
            }
            Request::Stop => {
                self.runs.when_stopped(order.replies);
                Some(LaunchEnd::Stopped)
            }
            Request::Run { ref job, wait } => {
                let job = job.clone();
                let taken = self.request_run(job, wait.get(), order.replies);
                (self.single && !taken).then_some(LaunchEnd::Stopped)
            }
        }
    }

    fn service(&mut self, event: ServiceEvent) -> Result<(), LaunchError> {
        match event {
            ServiceEvent::Phase { service, phase, ending } => {
                let ending = ending.map(|ending| format!(" ({ending})")).unwrap_or_default();
                let what = format!("{phase}{ending}");
                (self.report)(Event::Service { name: service, what });
            }
            ServiceEvent::Line { .. } => {}
            ServiceEvent::Failed(failure) => {
                return Err(LaunchError::Service { failure: Box::new(failure) });
            }
        }
        let status = self.supervisor.status();
        self.services_ready = status.values().all(|service| service.phase.is_ready());
        Ok(())
    }

    /// Brings jobs on as far as services and peers allow, and tells the peers how things are.
    fn advance(&mut self) {
        if self.services_ready {
            let actions = self.muster.step(&self.peers.views());
            self.act_on(actions);
        }
        let phase = self.phase();
        if phase != self.published.phase {
            (self.report)(Event::Phase(phase));
        }
        let jobs = self.muster.entries();
        let next = Snapshot { phase, jobs, ..self.published.clone() };
        self.meeting.publish(next.clone());
        self.published = next;
    }

    fn phase(&self) -> Phase {
        if !self.services_ready {
            Phase::Services
        } else if self.runs.any_alive() {
            Phase::Running
        } else if self.peers.all_present() {
            Phase::Armed
        } else {
            Phase::Meeting
        }
    }

    /// When something must be said or given up, if nothing happens before.
    fn next_deadline(&self) -> Option<Instant> {
        let peers = if self.single { None } else { self.peers.deadline() };
        [peers, self.peers.next_word(), self.runs.deadline()].into_iter().flatten().min()
    }

    fn deadline(&mut self) -> Result<(), LaunchError> {
        let now = Instant::now();
        if !self.single && self.peers.deadline().is_some_and(|deadline| deadline <= now) {
            return Err(self.peers.absent(self.side.party(), self.wait));
        }
        for ticket in self.runs.overdue(now) {
            self.give_up(ticket);
        }
        if let Some(event) = self.peers.word(now) {
            (self.report)(event);
        }
        Ok(())
    }

    fn status(&self) -> LauncherStatus {
        let services = self.supervisor.status().into_iter().map(|(name, status)| {
            let phase = status.phase.to_string();
            (name, ServiceReport { phase, pid: status.pid, starts: status.starts })
        });
        LauncherStatus {
            topology: self.side.federation.topology.clone(),
            party: self.side.party().clone(),
            plan: self.side.digest,
            pid: std::process::id(),
            phase: self.phase().to_string(),
            services: services.collect(),
            peers: self.peers.reports(),
            jobs: runs::reports(&self.muster.entries()),
            logs: self.deployment.logs.clone(),
        }
    }

    fn specs(&self) -> Specs<'_> {
        Specs { side: &self.side, deployment: &self.deployment, venv: self.venv.as_ref() }
    }
}
