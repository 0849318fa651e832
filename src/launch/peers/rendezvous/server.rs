//! The server half behind the handshake: gRPC, and a reader for each peer's call.

use std::{collections::BTreeMap, convert::Infallible, io, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming, transport::Server};

use super::{
    connection::{Attendee, Connection},
    event::{MeetingEvent, SILENCE},
    snapshot::Snapshot,
    wire::pb::{
        self,
        rendezvous_server::{Rendezvous, RendezvousServer},
    },
};
use crate::{
    launch::peers::identity::explain,
    types::{HostName, PartyName},
};

/// The largest message, in bytes: thousands of job entries.
pub(super) const MESSAGE: usize = 1 << 20;

/// The header in which a further host of a party says which one it is.
pub(super) const HOST: &str = "sfgen-host";

/// Streams per connection; a launcher needs one.
const STREAMS: u32 = 4;

/// How many snapshots a peer may send at once without being slowed down. It has something to say a few times per second.
const BURST: u32 = 50;

/// The pause after each further snapshot, so that one peer cannot take all of the launcher's time.
const PAUSE: Duration = Duration::from_millis(20);

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

/// Whose launcher calls: a peer's, or that of a further host of this party.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Caller {
    Peer(PartyName),
    Host(HostName),
}

impl Caller {
    fn says(&self, snapshot: Snapshot) -> MeetingEvent {
        match self.clone() {
            Self::Peer(party) => MeetingEvent::Peer { party, snapshot },
            Self::Host(host) => MeetingEvent::Host { host, snapshot },
        }
    }

    fn is_gone(&self, why: String) -> MeetingEvent {
        match self.clone() {
            Self::Peer(party) => MeetingEvent::Gone { party, why },
            Self::Host(host) => MeetingEvent::HostGone { host, why },
        }
    }
}

/// One call of `Attend`.
pub(super) struct Call {
    party: PartyName,
    /// What its header says.
    host: Option<HostName>,
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
        let host = request.metadata().get(HOST).and_then(|host| host.to_str().ok()?.parse().ok());
        let call = Call { party, host, snapshots: request.into_inner(), acks };
        let leaving = |_| Status::unavailable("this launcher is leaving");
        self.calls.send(call).await.map_err(leaving)?;
        Ok(Response::new(ReceiverStream::new(replies)))
    }
}

/// Turns calls into events. A peer's new call takes the place of its old one.
///
/// `me` is the party that listens: what it did not hear, others may have heard.
pub(super) async fn attend(
    me: PartyName,
    mut calls: mpsc::Receiver<Call>,
    events: mpsc::Sender<MeetingEvent>,
) {
    let mut readers = JoinSet::new();
    let mut current = BTreeMap::<Caller, Reader>::new();
    while let Some(mut call) = calls.recv().await {
        // Which host it is counts only where the certificate is this party's own.
        let caller = match call.host.take() {
            Some(host) if call.party == me => Caller::Host(host),
            _ => Caller::Peer(call.party.clone()),
        };
        while readers.try_join_next().is_some() {}
        let (replace, replaced) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let reader = Reader { _replace: replace, ended };
        // Dropping the old reader's sender ends it; its last event then comes before the first one of the new reader.
        let before = current.insert(caller.clone(), reader).map(|old| old.ended);
        let (me, events) = (me.clone(), events.clone());
        readers.spawn(async move {
            let _ending: oneshot::Sender<Infallible> = ending;
            if let Some(before) = before {
                let _ = before.await;
            }
            let why = tokio::select! {
                why = read(&me, &caller, call, &events) => why,
                _ = replaced => "started a new connection".to_owned(),
            };
            let _ = events.send(caller.is_gone(why)).await;
        });
    }
}

/// The reader of a peer's present call.
struct Reader {
    _replace: oneshot::Sender<Infallible>,
    ended: oneshot::Receiver<Infallible>,
}

/// Passes on what one peer says, until it ends; returns why it did.
async fn read(
    me: &PartyName,
    caller: &Caller,
    mut call: Call,
    events: &mpsc::Sender<MeetingEvent>,
) -> String {
    let mut latest = 0;
    let mut pace = Pace { since: Instant::now(), snapshots: 0 };
    let mut leaving = None;
    loop {
        let message = match timeout(SILENCE, call.snapshots.message()).await {
            Ok(Ok(Some(message))) => message,
            Ok(ended) => {
                let why =
                    ended.err().map_or("closed its connection".to_owned(), |why| explain(&why));
                return leaving.map_or(why, |why| format!("left: {why}"));
            }
            Err(_) => return format!("said nothing to {me} for {} s", SILENCE.as_secs()),
        };
        pace.keep().await;
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
        if events.send(caller.says(snapshot)).await.is_err() {
            return "outlived this launcher".to_owned();
        }
        // Where four acknowledgements are unread, this one is left out: the next heartbeat is acknowledged instead.
        let _ = call.acks.try_send(Ok(ack));
    }
}

/// How fast a peer talks.
struct Pace {
    since: Instant,
    snapshots: u32,
}

impl Pace {
    /// Notes a snapshot, and waits where there were too many within a second. What the peer sends meanwhile stays at the
    /// peer, since HTTP/2 has a bounded window.
    async fn keep(&mut self) {
        if self.since.elapsed() >= Duration::from_secs(1) {
            *self = Self { since: Instant::now(), snapshots: 0 };
        }
        self.snapshots += 1;
        if self.snapshots > BURST {
            sleep(PAUSE).await;
        }
    }
}
