//! What a launcher reacts to, from all of its sources.

use std::collections::VecDeque;

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::launch::{
    local::ClientRequest,
    peers::rendezvous::{MeetingEvent, Ticket},
    processes::{ServiceEvent, Signals},
};

use super::runs::{RunEvent, Runs};

/// One thing to react to.
pub(super) enum LauncherInput {
    /// What the meeting learned of a peer.
    Meeting(MeetingEvent),
    /// A service entered another phase.
    Service(ServiceEvent),
    /// Somebody on this machine wants something.
    Request(ClientRequest),
    /// A run's process wrote a line or ended, or its client went away.
    Run(Ticket, RunEvent),
    /// SIGINT or SIGTERM.
    Signal,
    /// The time that was asked for has come.
    Deadline,
}

/// Where inputs come from.
pub(super) struct Sources {
    /// Requests that came before the launch.
    held: VecDeque<ClientRequest>,
    own: mpsc::Receiver<ClientRequest>,
    socket: mpsc::Receiver<ClientRequest>,
    services: mpsc::Receiver<ServiceEvent>,
    meeting: mpsc::Receiver<MeetingEvent>,
    signals: Signals,
}

impl Sources {
    pub(super) fn new(
        held: VecDeque<ClientRequest>,
        own: mpsc::Receiver<ClientRequest>,
        socket: mpsc::Receiver<ClientRequest>,
        services: mpsc::Receiver<ServiceEvent>,
        meeting: mpsc::Receiver<MeetingEvent>,
        signals: Signals,
    ) -> Self {
        Self { held, own, socket, services, meeting, signals }
    }

    /// What the meeting learns next; `None` once it is over.
    pub(super) async fn meeting(&mut self) -> Option<MeetingEvent> {
        self.meeting.recv().await
    }

    /// The next input; `Deadline` at the latest at `deadline`.
    pub(super) async fn next(
        &mut self,
        runs: &mut Runs,
        deadline: Option<Instant>,
    ) -> LauncherInput {
        let timer = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        if let Some(request) = self.held.pop_front() {
            return LauncherInput::Request(request);
        }
        // An arm whose channel is closed is disabled, and the others go on.
        tokio::select! {
            Some(event) = self.meeting.recv() => LauncherInput::Meeting(event),
            Some(event) = self.services.recv() => LauncherInput::Service(event),
            Some(request) = self.own.recv() => {
                // It was made before the launch was prepared, and its patience is for the other parties.
                LauncherInput::Request(ClientRequest { since: Instant::now(), ..request })
            }
            Some(request) = self.socket.recv() => LauncherInput::Request(request),
            (ticket, event) = runs.next() => LauncherInput::Run(ticket, event),
            () = self.signals.next() => LauncherInput::Signal,
            () = timer => LauncherInput::Deadline,
        }
    }
}
