//! Handshakes with a deadline, in both directions.

use std::{sync::Arc, time::Duration};

use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream, server};

use super::{Credentials, explain};
use crate::types::{HostAddr, PartyName};

/// How long a handshake may take in either direction; so that a machine that does not answer holds no place for longer.
pub const HANDSHAKE: Duration = Duration::from_secs(5);

/// An accepted connection.
pub type ServerStream = server::TlsStream<TcpStream>;

/// A connection in either direction.
pub type PeerStream = TlsStream<TcpStream>;

/// Why a connection was refused, as a phrase that follows the peer's name or address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// Accepts connections that speak one protocol.
#[derive(Clone)]
pub struct Acceptor {
    credentials: Arc<Credentials>,
    tls: TlsAcceptor,
    protocol: &'static [u8],
}

impl Acceptor {
    /// An acceptor for `protocol`, an ALPN name.
    #[must_use]
    pub fn new(credentials: Arc<Credentials>, protocol: &'static [u8]) -> Self {
        let tls = TlsAcceptor::from(Arc::new(credentials.server_config(protocol)));
        Self { credentials, tls, protocol }
    }

    /// Shakes hands, and tells which party dialled.
    pub async fn accept(&self, stream: TcpStream) -> Result<(PartyName, ServerStream), Refusal> {
        let stream = match timeout(HANDSHAKE, self.tls.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(why)) => return Err(Refusal(explain(&why))),
            Err(_) => return Err(Refusal("did not finish the TLS handshake in time".to_owned())),
        };
        let (_, session) = stream.get_ref();
        if session.alpn_protocol() != Some(self.protocol) {
            return Err(Refusal("asks for another protocol than this port speaks".to_owned()));
        }
        let party = self.credentials.peer_of(session.peer_certificates().unwrap_or_default());
        let party = party.ok_or_else(|| Refusal("presented no certificate".to_owned()))?;
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
        let config = config.ok_or_else(|| Refusal("is not in the plan".to_owned()))?;
        let name = match address {
            HostAddr::Ip(ip) => ServerName::from(*ip),
            HostAddr::Dns(name) => ServerName::try_from(name.clone())
                .map_err(|_| Refusal("has an address that TLS cannot name".to_owned()))?,
        };
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        match timeout(HANDSHAKE, handshake).await {
            Ok(Ok(stream)) => Ok(stream.into()),
            Ok(Err(why)) => Err(Refusal(explain(&why))),
            Err(_) => Err(Refusal("did not finish the TLS handshake in time".to_owned())),
        }
    }
}
