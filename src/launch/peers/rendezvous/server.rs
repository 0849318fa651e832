//! The server half: TLS handshakes, gRPC behind them, and a reader for each peer's call.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Server, server::Connected},
};

use super::{
    event::{MeetingEvent, SILENCE},
    snapshot::Snapshot,
    wire::pb::{
        self,
        rendezvous_server::{Rendezvous, RendezvousServer},
    },
};
use crate::{
    launch::peers::identity::{Acceptor, Refusal, ServerStream, explain},
    types::PartyName,
};

/// The largest message, in bytes: thousands of job entries.
pub(super) const MESSAGE: usize = 1 << 20;

/// How many TLS handshakes may be under way; more connections wait in the system's queue.
const HANDSHAKES: usize = 64;

/// Connections per peer: the one in use, and some that a broken network has not taken down yet.
const CONNECTIONS: usize = 4;

/// Streams per connection; a launcher needs one.
const STREAMS: u32 = 4;

/// How long to wait after an accept that failed for want of files or memory.
const SHORT_OF_FILES: Duration = Duration::from_millis(100);

/// How many connections each peer may have.
pub(super) struct Places(BTreeMap<PartyName, Arc<Semaphore>>);

impl Places {
    pub(super) fn new<'a>(peers: impl Iterator<Item = &'a PartyName>) -> Self {
        Self(peers.map(|peer| (peer.clone(), Arc::new(Semaphore::new(CONNECTIONS)))).collect())
    }

    fn take(&self, party: &PartyName) -> Result<OwnedSemaphorePermit, Refusal> {
        let places = self.0.get(party).ok_or_else(|| Refusal("is no peer of this party".into()))?;
        let place = places.clone().try_acquire_owned();
        place.map_err(|_| Refusal(format!("is {party}, which has {CONNECTIONS} connections open")))
    }
}

/// What it takes to admit a connection at the control port.
#[derive(Clone)]
pub(super) struct Admission {
    pub(super) acceptor: Acceptor,
    pub(super) places: Arc<Places>,
    pub(super) connections: mpsc::Sender<io::Result<Connection>>,
    pub(super) events: mpsc::Sender<MeetingEvent>,
}

/// Shakes hands on every connection, each in a task of its own.
pub(super) async fn admit(listener: TcpListener, admission: Admission) {
    let mut handshakes = JoinSet::new();
    loop {
        while handshakes.try_join_next().is_some() {}
        if handshakes.len() >= HANDSHAKES {
            handshakes.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, from)) => {
                handshakes.spawn(admission.clone().let_in(stream, from));
            }
            Err(_) => sleep(SHORT_OF_FILES).await,
        }
    }
}

impl Admission {
    async fn let_in(self, stream: TcpStream, from: SocketAddr) {
        let admitted = self.acceptor.accept(stream).await.and_then(|(party, stream)| {
            let place = self.places.take(&party)?;
            Ok(Connection { stream, party, _place: place })
        });
        match admitted {
            Ok(connection) => {
                // Fails when the meeting is over; the connection is then dropped, as it should be.
                let _ = self.connections.send(Ok(connection)).await;
            }
            Err(Refusal(why)) => {
                // Refusals are dropped where there are too many, so that they cannot hold up the snapshots of peers.
                let _ = self.events.try_send(MeetingEvent::Refused { from, why });
            }
        }
    }
}

/// A connection whose other end is known.
pub(super) struct Connection {
    stream: ServerStream,
    party: PartyName,
    _place: OwnedSemaphorePermit,
}

/// The party at the other end, for handlers of requests.
#[derive(Clone)]
pub(super) struct Attendee(PartyName);

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
        Pin::new(&mut self.stream).poll_read(cx, buf)
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

/// Speaks gRPC on admitted connections until `closed`.
pub(super) async fn serve(
    accepted: mpsc::Receiver<io::Result<Connection>>,
    calls: mpsc::Sender<Call>,
    closed: oneshot::Receiver<()>,
) {
    let service = RendezvousServer::new(Service { calls })
        .max_decoding_message_size(MESSAGE)
        .max_encoding_message_size(MESSAGE);
    let served = Server::builder()
        .max_concurrent_streams(STREAMS)
        .http2_max_header_list_size(16 << 10)
        .http2_keepalive_interval(Some(SILENCE))
        .http2_keepalive_timeout(Some(SILENCE))
        .add_service(service)
        .serve_with_incoming_shutdown(ReceiverStream::new(accepted), async {
            // A sender that is gone means the same.
            let _ = closed.await;
        });
    // One connection's error ends that connection alone; the server as a whole has no way to fail.
    let _ = served.await;
}

/// One call of `Attend`.
pub(super) struct Call {
    party: PartyName,
    snapshots: Streaming<pb::Snapshot>,
    acks: mpsc::Sender<Result<pb::Ack, Status>>,
}

struct Service {
    calls: mpsc::Sender<Call>,
}

#[tonic::async_trait]
impl Rendezvous for Service {
    type AttendStream = ReceiverStream<Result<pb::Ack, Status>>;

    async fn attend(
        &self,
        request: Request<Streaming<pb::Snapshot>>,
    ) -> Result<Response<Self::AttendStream>, Status> {
        let attendee = request.extensions().get::<Attendee>().cloned();
        let Attendee(party) =
            attendee.ok_or_else(|| Status::unauthenticated("the connection has no certificate"))?;
        let (acks, replies) = mpsc::channel(4);
        let call = Call { party, snapshots: request.into_inner(), acks };
        let leaving = |_| Status::unavailable("this launcher is leaving");
        self.calls.send(call).await.map_err(leaving)?;
        Ok(Response::new(ReceiverStream::new(replies)))
    }
}

/// Turns calls into events. A peer's new call takes the place of its old one.
pub(super) async fn attend(mut calls: mpsc::Receiver<Call>, events: mpsc::Sender<MeetingEvent>) {
    let mut readers = JoinSet::new();
    let mut current = BTreeMap::<PartyName, Reader>::new();
    while let Some(call) = calls.recv().await {
        while readers.try_join_next().is_some() {}
        let (replace, replaced) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let reader = Reader { _replace: replace, ended };
        // Dropping the old reader's sender ends it; its last event then comes before the first one of the new reader.
        let before = current.insert(call.party.clone(), reader).map(|old| old.ended);
        let events = events.clone();
        readers.spawn(async move {
            let _ending: oneshot::Sender<Infallible> = ending;
            if let Some(before) = before {
                let _ = before.await;
            }
            let party = call.party.clone();
            let why = tokio::select! {
                why = read(call, &events) => why,
                _ = replaced => "started a new connection".to_owned(),
            };
            let _ = events.send(MeetingEvent::Gone { party, why }).await;
        });
    }
}

/// The reader of a peer's present call.
struct Reader {
    _replace: oneshot::Sender<Infallible>,
    ended: oneshot::Receiver<Infallible>,
}

/// Passes on what one peer says, until it ends; returns why it did.
async fn read(mut call: Call, events: &mpsc::Sender<MeetingEvent>) -> String {
    let mut latest = 0;
    let mut leaving = None;
    loop {
        let message = match timeout(SILENCE, call.snapshots.message()).await {
            Ok(Ok(Some(message))) => message,
            Ok(ended) => {
                let why =
                    ended.err().map_or("closed its connection".to_owned(), |why| explain(&why));
                return leaving.map_or(why, |why| format!("left: {why}"));
            }
            Err(_) => return format!("said nothing for {} s", SILENCE.as_secs()),
        };
        let snapshot = match Snapshot::try_from(message) {
            Ok(snapshot) => snapshot,
            Err(why) => return why.to_string(),
        };
        if snapshot.sequence < latest {
            return "sent an older state after a newer one".to_owned();
        }
        latest = snapshot.sequence;
        leaving.clone_from(&snapshot.leaving);
        let ack = pb::Ack { sequence: latest };
        let event = MeetingEvent::Peer { party: call.party.clone(), snapshot };
        if events.send(event).await.is_err() {
            return "outlived this launcher".to_owned();
        }
        // Where four acknowledgements are unread, this one is left out: the next heartbeat is acknowledged instead.
        let _ = call.acks.try_send(Ok(ack));
    }
}
