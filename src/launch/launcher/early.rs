//! Requests that come while a launch is being prepared, which may take minutes.

use std::{collections::VecDeque, os::unix::net::UnixListener};

use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, interval},
};

use crate::{
    launch::{
        local::{self, ClientRequest, Problem, Reply, Request, RunEnd, status::LauncherStatus},
        machine::{side::Side, state::Deployment},
        peers::rendezvous::LauncherPhase,
    },
    types::PartyName,
};

use super::{
    leave::say,
    runs::{FAILED, REMIND_EVERY},
};

/// The socket from the moment on in which the place is taken. What cannot be answered before the launch is kept for it.
pub(super) struct EarlyRequests {
    party: PartyName,
    /// Dropping it closes the socket.
    pub(super) server: JoinSet<()>,
    pub(super) requests: mpsc::Receiver<ClientRequest>,
    /// Requests for runs, oldest first.
    pub(super) held: VecDeque<ClientRequest>,
    /// Clients that wait for the end of the launcher.
    stopping: Vec<mpsc::Sender<Reply>>,
}

impl EarlyRequests {
    /// Must be called within a runtime.
    pub(super) fn take(party: &PartyName, listener: UnixListener) -> std::io::Result<Self> {
        let (sender, requests) = mpsc::channel(16);
        Ok(Self {
            party: party.clone(),
            server: local::serve(listener, sender)?,
            requests,
            held: VecDeque::new(),
            stopping: Vec::new(),
        })
    }

    /// Answers and keeps requests; returns when the launcher is asked to stop.
    pub(super) async fn until_stopped(&mut self, side: &Side, deployment: &Deployment) {
        let mut reminders = interval(REMIND_EVERY);
        loop {
            tokio::select! {
                Some(asked) = self.requests.recv() => match asked.request {
                    Request::Status => {
                        let status = Box::new(status(side, deployment));
                        let _ = asked.replies.try_send(Reply::Status(status)); // a client that is gone needs none
                    }
                    Request::Stop => {
                        self.stopping.push(asked.replies);
                        return;
                    }
                    Request::Run { .. } => self.held.push_back(asked),
                },
                _ = reminders.tick() => self.remind(Instant::now()),
            }
        }
    }

    /// Tells clients what their runs wait for, and gives those up that have waited for as long as they may.
    fn remind(&mut self, now: Instant) {
        let party = &self.party;
        self.held.retain(|asked| {
            let Request::Run { job, wait, .. } = &asked.request else { return false };
            let whom = format!("the launcher of {party}, which gets ready (preflight)");
            let left = (asked.since + wait.get()).saturating_duration_since(now);
            if left.is_zero() {
                let wait = wait.get();
                let message = format!("job `{job}` failed: {party}: waited {wait:?} for {whom}");
                let help = "`sfgen status` shows how far it is; `--wait` waits longer";
                let end = RunEnd::Failed(Problem::new(FAILED, message, help));
                let _ = asked.replies.try_send(Reply::Ended(end)); // a client that is gone needs none
                return false;
            }
            let waiting = Reply::Waiting { whom, left: left.as_secs() };
            let _ = asked.replies.try_send(waiting); // progress may be lost
            !asked.replies.is_closed()
        });
    }

    /// Tells all clients that there will be no launch, and why.
    pub(super) async fn turn_away(self, why: &str) {
        let message = format!("the launcher of {} ended: {why}", self.party);
        let problem = Problem::new(FAILED, message, "start it again");
        for asked in self.held {
            say(asked.replies, Reply::Ended(RunEnd::Failed(problem.clone()))).await;
        }
        for client in self.stopping {
            say(client, Reply::Stopped).await;
        }
    }
}

/// What a launcher says of itself that is being prepared.
fn status(side: &Side, deployment: &Deployment) -> LauncherStatus {
    LauncherStatus {
        topology: side.federation.topology.clone(),
        party: side.party().clone(),
        plan: side.digest,
        pid: std::process::id(),
        phase: LauncherPhase::Preflight.to_string(),
        services: [].into(),
        peers: [].into(),
        hosts: [].into(),
        jobs: Vec::new(),
        logs: deployment.logs.clone(),
    }
}
