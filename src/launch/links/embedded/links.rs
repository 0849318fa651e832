//! One connection for each pair of parties, dialled by the one whose name comes first.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, lookup_host},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

use super::{
    SumError, SumSpec,
    frame::{Frame, LONGEST},
};
use crate::{
    launch::peers::{
        admission::{Admission, KnownSources, Limits, Place, listen},
        identity::{Acceptor, Credentials, HANDSHAKE, PeerStream, Refusal, SUM, explain},
    },
    types::{Endpoint, PartyName},
};

/// The pause between two attempts to dial a party whose process is still starting.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection to a party that takes part in the same run.
pub(super) struct Link {
    party: PartyName,
    stream: Box<PeerStream>,
    /// How long each step may take.
    patience: Duration,
}

impl Link {
    pub(super) async fn send(&mut self, frame: &Frame) -> Result<(), SumError> {
        let bytes = frame.encode();
        let sending = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        let sent = timeout(self.patience, sending).await;
        self.in_time(sent)
    }

    pub(super) async fn receive(&mut self) -> Result<Frame, SumError> {
        let reading = async {
            let len = usize::from(self.stream.read_u16().await?);
            if len > LONGEST {
                return Ok(Err(format!("sent a frame of {len} bytes")));
            }
            let mut bytes = vec![0; len];
            self.stream.read_exact(&mut bytes).await?;
            Ok(Frame::decode(&bytes))
        };
        let read = timeout(self.patience, reading).await;
        self.in_time(read)?.map_err(|why| self.wrong(why))
    }

    /// Tells the peer which run this is, and makes sure that it means the same.
    async fn greet(&mut self, ours: &Frame) -> Result<(), SumError> {
        self.send(ours).await?;
        match (self.receive().await?, ours) {
            (theirs, ours) if theirs == *ours => Ok(()),
            (Frame::Hello { run, job }, Frame::Hello { run: our_run, job: our_job }) => Err(self
                .wrong(format!(
                    "is in run {run} of job `{job}`, this party in run {our_run} of job `{our_job}`"
                ))),
            (other, _) => Err(self.wrong(format!("sent {} before a greeting", other.kind()))),
        }
    }

    pub(super) fn wrong(&self, why: String) -> SumError {
        SumError::Wrong { party: self.party.clone(), why }
    }

    /// Closes this end; what was sent arrives all the same.
    pub(super) async fn close(mut self) {
        // The peer may have closed first, having all that it needs.
        let _ = timeout(self.patience, self.stream.shutdown()).await;
    }

    fn in_time<T>(
        &self,
        outcome: Result<io::Result<T>, tokio::time::error::Elapsed>,
    ) -> Result<T, SumError> {
        let why = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(why)) => explain(&why),
            Err(_) => "fell silent".to_owned(),
        };
        Err(SumError::Lost { party: self.party.clone(), why })
    }
}

/// Makes all links of the party.
pub(super) async fn connect(spec: &SumSpec) -> Result<BTreeMap<PartyName, Link>, SumError> {
    let deadline = Instant::now() + spec.patience;
    // The first party dials all others and need not listen.
    let listener = if spec.slots.keys().any(|party| *party < spec.me) {
        let own = own_endpoint(spec)?;
        let listener = bind(&own).await;
        Some(listener.map_err(|source| SumError::Listen { endpoint: own, source })?)
    } else {
        None
    };
    let hello = Frame::Hello { run: spec.run, job: spec.job.clone() };
    let mut dialling = JoinSet::new();
    for party in spec.slots.keys().filter(|party| **party > spec.me) {
        let dial = Dial {
            party: party.clone(),
            endpoint: endpoint(spec, party)?,
            credentials: spec.credentials.clone(),
            hello: hello.clone(),
            patience: spec.patience,
            deadline,
        };
        dialling.spawn(dial.run());
    }
    let mut links = match &listener {
        Some(listener) => accept(spec, listener, &hello, deadline).await?,
        None => BTreeMap::new(),
    };
    while let Some(dialled) = dialling.join_next().await {
        let link = dialled.expect("a dialling task neither panics nor is aborted")?;
        links.insert(link.party.clone(), link);
    }
    Ok(links)
}

/// Listens at the first address that the party's host stands for.
async fn bind(own: &Endpoint) -> io::Result<TcpListener> {
    let mut found = lookup_host((own.host.bare(), own.port.get())).await?;
    let address = found.next().ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
    listen(address)
}

/// What the party itself listens on.
fn own_endpoint(spec: &SumSpec) -> Result<Endpoint, SumError> {
    let slot = spec.slots.get(&spec.me).zip(spec.links.get(&spec.me));
    let port = slot.and_then(|(slot, link)| link.listen_port(*slot));
    let found = port.map(|port| Endpoint { host: spec.listen.clone(), port });
    found.ok_or_else(|| SumError::NotASum { job: spec.job.clone(), party: spec.me.clone() })
}

/// What is dialled to reach a party.
fn endpoint(spec: &SumSpec, party: &PartyName) -> Result<Endpoint, SumError> {
    let slot = spec.slots.get(party);
    let link = spec.links.get(party);
    let found = slot.zip(link).and_then(|(slot, link)| {
        Some(Endpoint { host: link.host.clone(), port: link.port(*slot)? })
    });
    found.ok_or_else(|| SumError::NotASum { job: spec.job.clone(), party: party.clone() })
}

/// Dials one party.
struct Dial {
    party: PartyName,
    endpoint: Endpoint,
    credentials: Arc<Credentials>,
    hello: Frame,
    patience: Duration,
    deadline: Instant,
}

impl Dial {
    /// Tries until the party is there: its process may start later than this one.
    async fn run(self) -> Result<Link, SumError> {
        let mut last = "does not answer".to_owned();
        loop {
            match timeout_at(self.deadline, self.attempt()).await {
                Ok(Err(SumError::Lost { why, .. })) => last = why,
                Ok(decided) => return decided,
                Err(_) => break,
            }
            if timeout_at(self.deadline, sleep(PAUSE)).await.is_err() {
                break;
            }
        }
        Err(SumError::Absent { why: format!("at {} {last}", self.endpoint), party: self.party })
    }

    async fn attempt(&self) -> Result<Link, SumError> {
        let lost = |why: String| SumError::Lost { party: self.party.clone(), why };
        let Endpoint { host, port } = &self.endpoint;
        let dialled = timeout(HANDSHAKE, TcpStream::connect((host.bare(), port.get()))).await;
        let stream = match dialled {
            Ok(Ok(stream)) => stream,
            Ok(Err(why)) => return Err(lost(explain(&why))),
            Err(_) => {
                return Err(lost("does not answer (a firewall that drops packets?)".to_owned()));
            }
        };
        let stream = self.credentials.connect(&self.party, host, stream, SUM).await;
        let stream = stream.map_err(|why| lost(why.to_string()))?;
        let (party, stream) = (self.party.clone(), Box::new(stream));
        let mut link = Link { party, stream, patience: self.patience };
        link.greet(&self.hello).await?;
        Ok(link)
    }
}

/// What the listener reports.
enum ListenerEvent {
    /// Somebody dialled.
    Dialled(TcpStream, SocketAddr, Place),
    /// Somebody who dialled was looked at.
    Arrived(Arrival),
    /// The time is up.
    Late,
}

/// Who dialled.
enum Arrival {
    /// A party that is waited for.
    Peer(Link),
    /// Somebody else; why it was turned away.
    Stranger(String),
    /// A party that is waited for, in another run.
    OtherRun(SumError),
}

/// Waits for all parties whose names come before this one's. Other connections are closed.
async fn accept(
    spec: &SumSpec,
    listener: &TcpListener,
    hello: &Frame,
    deadline: Instant,
) -> Result<BTreeMap<PartyName, Link>, SumError> {
    let mut links = BTreeMap::new();
    let mut last = None;
    let mut arriving = JoinSet::new();
    let acceptor = Acceptor::new(spec.credentials.clone(), SUM);
    let hosts: Vec<_> = spec.links.values().map(|link| link.host.clone()).collect();
    let known = KnownSources::planned(&hosts);
    let admission = Admission::new(Limits::HANDSHAKES, known.clone());
    let mut resolving = JoinSet::new();
    resolving.spawn(known.resolve(hosts));
    let mut awaited = spec.slots.keys().filter(|party| **party < spec.me).cloned().collect();
    while let Some(next) = BTreeSet::first(&awaited) {
        let noticed = tokio::select! {
            (stream, from, place) = admission.accept(listener) => ListenerEvent::Dialled(stream, from, place),
            Some(met) = arriving.join_next() => {
                ListenerEvent::Arrived(met.expect("a meeting task neither panics nor is aborted"))
            }
            () = sleep_until(deadline) => ListenerEvent::Late,
        };
        match noticed {
            ListenerEvent::Dialled(stream, from, place) => {
                let (acceptor, hello) = (acceptor.clone(), hello.clone());
                let (awaited, patience) = (awaited.clone(), spec.patience);
                let reception = Reception { acceptor, hello, awaited, patience };
                arriving.spawn(reception.meet(stream, from, place));
            }
            ListenerEvent::Arrived(Arrival::Peer(link)) => {
                // Of two connections of one party the first counts.
                if awaited.remove(&link.party) {
                    links.insert(link.party.clone(), link);
                }
            }
            ListenerEvent::Arrived(Arrival::Stranger(why)) => last = Some(why),
            ListenerEvent::Arrived(Arrival::OtherRun(why)) => return Err(why),
            ListenerEvent::Late => {
                let last = last.map(|why| format!(" (somebody at {why})")).unwrap_or_default();
                let port = endpoint(spec, &spec.me)?.port;
                let why = format!("did not connect to port {port} of {} in time{last}", spec.me);
                return Err(SumError::Absent { party: next.clone(), why });
            }
        }
    }
    Ok(links)
}

/// What it takes to look at somebody who dialled.
struct Reception {
    acceptor: Acceptor,
    hello: Frame,
    awaited: BTreeSet<PartyName>,
    patience: Duration,
}

impl Reception {
    /// Looks at a connection for as long as it keeps its place.
    async fn meet(self, stream: TcpStream, from: SocketAddr, place: Place) -> Arrival {
        let arrival = place.keep(self.greet(stream, from, &place)).await;
        arrival.unwrap_or_else(|| Arrival::Stranger(format!("{from} {}", Refusal::CROWDED_OUT)))
    }

    async fn greet(self, stream: TcpStream, from: SocketAddr, place: &Place) -> Arrival {
        let (party, stream) = match self.acceptor.accept(stream, || place.progressed()).await {
            Ok((party, stream)) if self.awaited.contains(&party) => {
                (party, Box::new(stream.into()))
            }
            Ok((party, _)) => {
                return Arrival::Stranger(format!("{from} is {party}, who is not awaited"));
            }
            Err(why) => return Arrival::Stranger(format!("{from} {why}")),
        };
        place.progressed();
        let mut link = Link { party, stream, patience: self.patience };
        match timeout(HANDSHAKE, link.greet(&self.hello)).await {
            Ok(Ok(())) => Arrival::Peer(link),
            Ok(Err(why @ SumError::Wrong { .. })) => Arrival::OtherRun(why),
            // A connection without a greeting, such as that of a test for an open port; a party of the run dials again.
            Ok(Err(_)) | Err(_) => {
                Arrival::Stranger(format!("{from} is {}, and said nothing", link.party))
            }
        }
    }
}
