//! From a socket of the control port to a connection whose other end is known.

use std::{
    collections::BTreeMap,
    future::Future as _,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, Sleep, sleep},
};
use tonic::transport::server::Connected;

use super::event::{MeetingEvent, SILENCE};
use crate::{
    launch::peers::{
        admission::{Admission, Place},
        identity::{Acceptor, Refusal, ServerStream},
    },
    types::PartyName,
};

/// Connections per peer: the one in use, and some that a broken network has not taken down yet.
const CONNECTIONS: usize = 4;

/// After how long without a byte a connection is closed. The server asks for a sign of life after [`SILENCE`], and waits
/// for it as long again.
const NO_PROGRESS: Duration = SILENCE.saturating_mul(3);

/// How often connections that did not finish their handshake are told of at most.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How many connections each peer may have.
pub(super) struct PeerPlaces(BTreeMap<PartyName, Arc<Semaphore>>);

impl PeerPlaces {
    /// For each party, the number of its launchers that call.
    pub(super) fn new(callers: impl Iterator<Item = (PartyName, usize)>) -> Self {
        let places = |launchers: usize| Arc::new(Semaphore::new(launchers * CONNECTIONS));
        Self(callers.map(|(party, launchers)| (party, places(launchers))).collect())
    }

    fn take(&self, party: &PartyName) -> Result<OwnedSemaphorePermit, Refusal> {
        let refused = |why| Err(Refusal::Refused(why));
        let Some(places) = self.0.get(party) else {
            return refused("is no peer of this party".to_owned());
        };
        let place = places.clone().try_acquire_owned();
        place.or_else(|_| refused(format!("is {party}, which has too many connections open")))
    }
}

/// What it takes to look at whoever dials the control port.
#[derive(Clone)]
pub(super) struct Reception {
    pub(super) admission: Admission,
    pub(super) acceptor: Acceptor,
    pub(super) places: Arc<PeerPlaces>,
    pub(super) connections: mpsc::Sender<io::Result<Connection>>,
    pub(super) refusals: Arc<Refusals>,
}

impl Reception {
    /// Shakes hands on every connection, each in a task of its own. The admission bounds their number.
    pub(super) async fn receive(self, listener: TcpListener) {
        let mut handshakes = JoinSet::new();
        loop {
            tokio::select! {
                (stream, from, place) = self.admission.accept(&listener) => {
                    handshakes.spawn(self.clone().meet(stream, from, place));
                }
                Some(_) = handshakes.join_next() => {}
            }
        }
    }

    async fn meet(self, stream: TcpStream, from: SocketAddr, place: Place) {
        let handshake = self.acceptor.accept(stream, || place.progressed());
        let met = place.keep(handshake).await.unwrap_or(Err(Refusal::CROWDED_OUT));
        drop(place);
        let admitted = met.and_then(|(party, stream)| {
            self.admission.known().saw(&party, from.ip());
            let place = self.places.take(&party)?;
            Ok(Connection::new(stream, party, place))
        });
        match admitted {
            Ok(connection) => {
                // Fails when the meeting is over; the connection is then dropped, as it should be.
                let _ = self.connections.send(Ok(connection)).await;
            }
            Err(why) => self.refusals.tell(from, why),
        }
    }
}

/// Reports who was turned away.
pub(super) struct Refusals {
    events: mpsc::Sender<MeetingEvent>,
    unfinished: Mutex<Unfinished>,
}

/// Connections that did not finish their handshake.
#[derive(Default)]
struct Unfinished {
    untold: u64,
    told: Option<Instant>,
}

impl Refusals {
    pub(super) fn new(events: mpsc::Sender<MeetingEvent>) -> Self {
        Self { events, unfinished: Mutex::default() }
    }

    fn tell(&self, from: SocketAddr, refusal: Refusal) {
        let why = match refusal {
            Refusal::Refused(why) => why,
            Refusal::Unfinished(why) => match self.count_unfinished() {
                None => return,
                Some(0) => why.to_owned(),
                Some(others) => format!("{why}; {others} more did so since the last such line"),
            },
        };
        // Refusals are dropped where there are too many, so that they cannot hold up the snapshots of peers.
        let _ = self.events.try_send(MeetingEvent::Refused { from, why });
    }

    /// How many were not told of, where it is time to tell.
    fn count_unfinished(&self) -> Option<u64> {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        if unfinished.told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
            unfinished.untold += 1;
            return None;
        }
        unfinished.told = Some(Instant::now());
        Some(std::mem::take(&mut unfinished.untold))
    }
}

/// A connection whose other end is known. Reading fails once nothing has come for too long.
pub(super) struct Connection {
    stream: ServerStream,
    party: PartyName,
    silence: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: ServerStream, party: PartyName, place: OwnedSemaphorePermit) -> Self {
        Self { stream, party, silence: Box::pin(sleep(NO_PROGRESS)), _place: place }
    }
}

/// The party at the other end, for handlers of requests.
#[derive(Clone)]
pub(super) struct Attendee(pub(super) PartyName);

impl Connected for Connection {
    type ConnectInfo = Attendee;

    fn connect_info(&self) -> Attendee {
        Attendee(self.party.clone())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_ready() {
            self.silence.as_mut().reset(Instant::now() + NO_PROGRESS);
            return read;
        }
        self.silence.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
