//! What a running launch owns, and what it says of itself.

use std::time::Duration;

use crate::launch::{
    local::status::{LauncherStatus, ServiceReport},
    machine::{python::Venv, side::Side, state::Deployment},
    peers::{
        lockstep::Lockstep,
        rendezvous::{LauncherPhase, Meeting, Snapshot},
    },
    processes::Sweeper,
};

use super::{
    attendance::Attendance,
    events::LaunchEvent,
    hosts::Hosts,
    repeats::Repeats,
    runs::{self, Runs},
    services::Services,
    specs::Specs,
};

/// How a launch ended that nothing went wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaunchEnd {
    /// By request, or because its only run is over.
    Stopped,
    /// By SIGINT or SIGTERM.
    Interrupted,
}

/// Everything that a running launch owns.
pub(super) struct Launcher<'a> {
    pub(super) side: Side,
    pub(super) deployment: Deployment,
    pub(super) venv: Option<Venv>,
    /// How long peers are waited for; for ever where something else brings the launcher back whenever it ends.
    pub(super) wait: Option<Duration>,
    pub(super) single: bool,
    pub(super) services: Services,
    pub(super) meeting: Option<Meeting>,
    pub(super) peers: Attendance,
    pub(super) hosts: Hosts,
    pub(super) runs: Runs,
    pub(super) lockstep: Lockstep,
    /// The state that was published last.
    pub(super) published: Snapshot,
    pub(super) report: &'a mut dyn FnMut(LaunchEvent),
    /// What strangers and peers made it say.
    pub(super) repeats: Repeats,
    pub(super) services_ready: bool,
    pub(super) sweeper: Sweeper,
    /// Dropping it closes the socket.
    pub(super) _socket: tokio::task::JoinSet<()>,
}

impl Launcher<'_> {
    pub(super) fn phase(&self) -> LauncherPhase {
        if !self.services_ready || !self.hosts.all_ready() {
            LauncherPhase::Services
        } else if self.runs.any_alive() {
            LauncherPhase::Running
        } else if self.peers.all_present() {
            LauncherPhase::Armed
        } else {
            LauncherPhase::Meeting
        }
    }

    pub(super) fn status(&self) -> LauncherStatus {
        let services = self.services.status().into_iter().map(|(name, status)| {
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
            hosts: self.hosts.reports(),
            jobs: runs::reports(&self.lockstep.entries()),
            logs: self.deployment.logs.clone(),
        }
    }

    pub(super) fn specs(&self) -> Specs<'_> {
        Specs { side: &self.side, deployment: &self.deployment, venv: self.venv.as_ref() }
    }
}
