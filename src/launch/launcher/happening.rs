//! What a launcher reacts to, from all of its sources.

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::{
    fs::FsError,
    launch::{
        local::Order,
        peers::rendezvous::{MeetingEvent, Ticket},
        processes::ServiceEvent,
    },
};

use super::runs::{RunEvent, Runs};

/// One thing that happened.
pub(super) enum Happening {
    /// A word of or about a peer.
    Meeting(MeetingEvent),
    /// A service moved on.
    Service(ServiceEvent),
    /// Somebody on this machine wants something.
    Order(Order),
    /// A run's process wrote a line or ended, or its client went away.
    Run(Ticket, RunEvent),
    /// SIGINT or SIGTERM.
    Signal,
    /// The time that was asked for has come.
    Deadline,
}

/// Where happenings come from.
pub(super) struct Sources {
    own: mpsc::Receiver<Order>,
    socket: mpsc::Receiver<Order>,
    services: mpsc::Receiver<ServiceEvent>,
    meeting: mpsc::Receiver<MeetingEvent>,
    interrupt: Signal,
    terminate: Signal,
}

impl Sources {
    pub(super) fn new(
        own: mpsc::Receiver<Order>,
        socket: mpsc::Receiver<Order>,
        services: mpsc::Receiver<ServiceEvent>,
        meeting: mpsc::Receiver<MeetingEvent>,
    ) -> Result<Self, FsError> {
        let catch = |kind| {
            signal(kind).map_err(|why| FsError::new("catch signals of", "/proc/self".into(), why))
        };
        Ok(Self {
            own,
            socket,
            services,
            meeting,
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
        })
    }

    /// The next happening; `Deadline` at the latest at `deadline`.
    pub(super) async fn next(&mut self, runs: &mut Runs, deadline: Option<Instant>) -> Happening {
        let timer = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        // An arm whose channel is closed is disabled, and the others go on.
        tokio::select! {
            Some(event) = self.meeting.recv() => Happening::Meeting(event),
            Some(event) = self.services.recv() => Happening::Service(event),
            Some(order) = self.own.recv() => Happening::Order(order),
            Some(order) = self.socket.recv() => Happening::Order(order),
            (ticket, event) = runs.next() => Happening::Run(ticket, event),
            _ = self.interrupt.recv() => Happening::Signal,
            _ = self.terminate.recv() => Happening::Signal,
            () = timer => Happening::Deadline,
        }
    }
}
