//! Handshakes with a deadline, in both directions.

use std::{sync::Arc, time::Duration};

use rustls::{ServerConfig, pki_types::ServerName};
use thiserror::Error;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::{LazyConfigAcceptor, TlsConnector, TlsStream, server};

use super::{Credentials, explain};
use crate::types::{HostAddr, PartyName};

/// How long a handshake may take in either direction; so that a machine that does not answer holds no place for longer.
pub const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long a client may take to send its ClientHello, which it can do before it knows anything of the server. Shorter
/// than [`HANDSHAKE`], so that a dialler who waits behind silent clients still has time for its own handshake.
pub const HELLO: Duration = Duration::from_secs(2);

/// An accepted connection.
pub type ServerStream = server::TlsStream<TcpStream>;

/// A connection in either direction.
pub type PeerStream = TlsStream<TcpStream>;

/// Why a connection was refused, as a phrase that follows the peer's name or address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It did something that is refused, or ended.
    #[error("{0}")]
    Refused(String),
    /// It did not finish its handshake.
    #[error("{0}")]
    Unfinished(&'static str),
}

impl Refusal {
    /// It lost its place to a newer connection.
    pub const CROWDED_OUT: Self =
        Self::Unfinished("had not finished its TLS handshake when others needed the place");
}

fn refused(why: &str) -> Refusal {
    Refusal::Refused(why.to_owned())
}

/// Accepts connections that speak one protocol.
#[derive(Clone)]
pub struct Acceptor {
    credentials: Arc<Credentials>,
    tls: Arc<ServerConfig>,
    protocol: &'static [u8],
}

impl Acceptor {
    /// An acceptor for `protocol`, an ALPN name.
    #[must_use]
    pub fn new(credentials: Arc<Credentials>, protocol: &'static [u8]) -> Self {
        let tls = Arc::new(credentials.server_config(protocol));
        Self { credentials, tls, protocol }
    }

    /// Shakes hands, and tells which party dialled. Calls `said_hello` once the client has begun.
    pub async fn accept(
        &self,
        stream: TcpStream,
        said_hello: impl FnOnce(),
    ) -> Result<(PartyName, ServerStream), Refusal> {
        let deadline = Instant::now() + HANDSHAKE;
        let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
        let hello = match timeout(HELLO, hello).await {
            Ok(Ok(hello)) => hello,
            Ok(Err(why)) => return Err(Refusal::Refused(explain(&why))),
            Err(_) => return Err(Refusal::Unfinished("did not begin a TLS handshake in time")),
        };
        said_hello();
        let stream = match timeout_at(deadline, hello.into_stream(self.tls.clone())).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(why)) => return Err(Refusal::Refused(explain(&why))),
            Err(_) => return Err(Refusal::Unfinished("did not finish the TLS handshake in time")),
        };
        let (_, session) = stream.get_ref();
        if session.alpn_protocol() != Some(self.protocol) {
            return Err(refused("asks for another protocol than this port speaks"));
        }
        let party = self.credentials.peer_of(session.peer_certificates().unwrap_or_default());
        let party = party.ok_or_else(|| refused("presented no certificate"))?;
        Ok((party, stream))
    }
}

impl Credentials {
    /// Shakes hands with `peer`, which was dialled at `address`, to speak `protocol`.
    pub async fn connect(
        &self,
        peer: &PartyName,
        address: &HostAddr,
        stream: TcpStream,
        protocol: &[u8],
    ) -> Result<PeerStream, Refusal> {
        let config = self.client_config(peer, protocol);
        let config = config.ok_or_else(|| refused("is not in the plan"))?;
        let name = match address {
            HostAddr::Ip(ip) => ServerName::from(*ip),
            HostAddr::Dns(name) => ServerName::try_from(name.clone())
                .map_err(|_| refused("has an address that TLS cannot name"))?,
        };
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        match timeout(HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => Ok(stream.into()),
            Ok(Err(why)) => Err(Refusal::Refused(explain(&why))),
            Err(_) => Err(Refusal::Unfinished("did not finish the TLS handshake in time")),
        }
    }
}
