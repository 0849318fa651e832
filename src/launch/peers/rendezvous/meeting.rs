//! The meeting as the launcher uses it: publish a state, receive events, leave.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use miette::Diagnostic;
use thiserror::Error;
use tokio::{
    net::{TcpListener, lookup_host},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::timeout,
};

use super::{
    client::Outbound,
    connection::{PeerPlaces, Reception, Refusals},
    event::MeetingEvent,
    server,
    snapshot::Snapshot,
};
use crate::{
    fs,
    launch::peers::{
        admission::{Admission, KnownSources, Limits, listen},
        identity::{Acceptor, Credentials, RENDEZVOUS},
    },
    types::{Endpoint, HostAddr, HostName, PartyName, Port},
};

/// How long `stop` waits for peers to close their ends before it drops the connections.
const PARTING: Duration = Duration::from_secs(1);

/// How many events wait for the launcher. Peers wait beyond that; refusals of strangers are dropped.
const EVENTS: usize = 256;

/// Why the meeting could not begin.
#[derive(Debug, Error, Diagnostic)]
pub enum MeetingError {
    /// The control port cannot be bound.
    #[error("cannot listen on {address} for the other launchers: {}", fs::reason(source))]
    #[diagnostic(
        code(SF0827),
        help(
            "`ss -ltnp` shows who holds the port; is another `sfgen apply` of this party running?"
        )
    )]
    Listen {
        /// What was to be bound.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The listen address is a name without an address.
    #[error("cannot find an address of `{host}` to listen on: {}", fs::reason(source))]
    #[diagnostic(code(SF0828), help("use an IP address of this machine, or 0.0.0.0, as `listen`"))]
    Resolve {
        /// The name.
        host: HostAddr,
        /// What the resolver said.
        source: io::Error,
    },
}

/// Bound control sockets; peers that dial already wait in the system's queue.
#[derive(Debug)]
pub struct Listeners(Vec<TcpListener>);

impl Listeners {
    /// None: nobody calls.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Binds every address that `host` stands for.
    pub async fn at(host: &HostAddr, port: Port) -> Result<Self, MeetingError> {
        let found = lookup_host((host.bare(), port.get())).await;
        let found = found.map_err(|source| MeetingError::Resolve { host: host.clone(), source })?;
        Self::bind(&found.collect::<Vec<_>>())
    }

    /// Binds all of `addresses`, or none.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, MeetingError> {
        let mut listeners = Vec::new();
        for &address in addresses {
            let listener = listen(address);
            listeners.push(listener.map_err(|source| MeetingError::Listen { address, source })?);
        }
        Ok(Self(listeners))
    }

    /// What is bound; tells the port where 0 was asked for.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }
}

/// What a meeting needs.
#[derive(Debug)]
pub struct MeetingConfig {
    /// Where peers reach this launcher.
    pub listeners: Listeners,
    /// Where this launcher reaches its peers.
    pub peers: BTreeMap<PartyName, Endpoint>,
    /// Who this party is, and whom it trusts.
    pub credentials: Arc<Credentials>,
    /// The other hosts of this party.
    pub own: OwnHosts,
    /// What peers are told first; its sequence number is replaced.
    pub first: Snapshot,
}

/// The other hosts of a party, as one of its launchers sees them.
#[derive(Clone, Debug)]
pub enum OwnHosts {
    /// Of the first host, which all others call, by address; none for a party of one host.
    Further(Vec<HostAddr>),
    /// Of a further host, which calls the first one and nobody else.
    First {
        /// The further host.
        me: HostName,
        /// Where it dials the first one.
        endpoint: Endpoint,
        /// The address for which the first one has its certificate.
        name: HostAddr,
    },
}

/// A running meeting. Dropping it ends it at once; [`Meeting::stop`] lets peers take note.
#[derive(Debug)]
pub struct Meeting {
    mine: watch::Sender<Snapshot>,
    acked: watch::Receiver<BTreeMap<PartyName, u64>>,
    admission: Admission,
    closing: oneshot::Sender<()>,
    serving: JoinSet<()>,
    tasks: JoinSet<()>,
}

impl Meeting {
    /// Starts to serve peers and to dial them. Must be called within a runtime.
    #[must_use]
    pub fn start(config: MeetingConfig) -> (Self, mpsc::Receiver<MeetingEvent>) {
        let MeetingConfig { listeners, peers, credentials, own, mut first } = config;
        first.sequence = 1;
        let (mine, _) = watch::channel(first);
        let (acked, acked_seen) = watch::channel(BTreeMap::new());
        let (events, seen) = mpsc::channel(EVENTS);
        let (closing, closed) = oneshot::channel();
        let (mut serving, mut tasks) = (JoinSet::new(), JoinSet::new());

        let (connections, accepted) = mpsc::channel(1);
        let (calls, called) = mpsc::channel(1);
        let further = match &own {
            OwnHosts::Further(addresses) => addresses.as_slice(),
            OwnHosts::First { .. } => &[],
        };
        let hosts = peers.values().map(|endpoint| &endpoint.host).chain(further);
        let hosts: Vec<_> = hosts.cloned().collect();
        let known = KnownSources::planned(&hosts);
        tasks.spawn(known.clone().resolve(hosts));
        let admission = Admission::new(Limits::HANDSHAKES, known);
        let reception = Reception {
            admission: admission.clone(),
            acceptor: Acceptor::new(credentials.clone(), RENDEZVOUS),
            places: Arc::new(PeerPlaces::new(
                peers.keys().map(|peer| (peer.clone(), 1)).chain(
                    (!further.is_empty()).then(|| (credentials.me().clone(), further.len())),
                ),
            )),
            connections,
            refusals: Arc::new(Refusals::new(events.clone())),
        };
        for listener in listeners.0 {
            tasks.spawn(reception.clone().receive(listener));
        }
        serving.spawn(server::serve(accepted, calls, closed));
        tasks.spawn(server::attend(credentials.me().clone(), called, events.clone()));

        let acked = Arc::new(acked);
        let peers = peers.into_iter().map(|(party, endpoint)| (party, endpoint, None, None));
        let first = match own {
            OwnHosts::Further(_) => None,
            OwnHosts::First { me, endpoint, name } => {
                Some((credentials.me().clone(), endpoint, Some(name), Some(me)))
            }
        };
        for (party, endpoint, name, host) in peers.chain(first) {
            let outbound = Outbound {
                party,
                endpoint,
                name,
                host,
                credentials: credentials.clone(),
                mine: mine.subscribe(),
                acked: acked.clone(),
                events: events.clone(),
            };
            tasks.spawn(outbound.run());
        }
        (Self { mine, acked: acked_seen, admission, closing, serving, tasks }, seen)
    }

    /// What admits connections at the control port; further listeners of the launcher share its places.
    #[must_use]
    pub fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Sends all peers this state; returns the sequence number under which they acknowledge it.
    ///
    /// A state that says nothing new is not sent again, so that answering each event with a state ends.
    #[expect(clippy::must_use_candidate, reason = "only a last word needs its number")]
    pub fn publish(&self, mut snapshot: Snapshot) -> u64 {
        let mut sequence = 0;
        self.mine.send_if_modified(|current| {
            snapshot.sequence = current.sequence;
            snapshot.facts.clock = current.facts.clock;
            let changed = snapshot != *current;
            if changed {
                snapshot.sequence += 1;
                *current = snapshot;
            }
            sequence = current.sequence;
            changed
        });
        sequence
    }

    /// Waits until all of `peers` have taken in the state `sequence`, at most for `patience`; the error names
    /// those that have not.
    pub async fn wait_acknowledged(
        &self,
        sequence: u64,
        peers: &BTreeSet<PartyName>,
        patience: Duration,
    ) -> Result<(), BTreeSet<PartyName>> {
        let missing = |acked: &BTreeMap<PartyName, u64>| -> BTreeSet<PartyName> {
            let lags = |peer: &&PartyName| acked.get(*peer).is_none_or(|seen| *seen < sequence);
            peers.iter().filter(lags).cloned().collect()
        };
        let mut acked = self.acked.clone();
        let all = acked.wait_for(|acked| missing(acked).is_empty());
        match timeout(patience, all).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(missing(&self.acked.borrow())),
        }
    }

    /// Ends the meeting. On return nothing listens any more and no task of it runs.
    pub async fn stop(mut self) {
        let _ = self.closing.send(());
        self.tasks.shutdown().await;
        // Peers close their ends when they see ours close; one that does not must not keep us.
        let _ = timeout(PARTING, self.serving.join_next()).await;
        self.serving.shutdown().await;
    }
}
