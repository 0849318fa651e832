//! Who this party is and whom it trusts: the only place that sets up TLS.
//!
//! Certificates, a key and the plan's fingerprints enter; configured TLS leaves. A connection is mutual TLS 1.3 or
//! none: the chain must lead to the peer's own CA, and the leaf must be the pinned one. Who a peer is follows from
//! its certificate alone. This module knows no protocol above TLS; callers name theirs by ALPN.

mod certificate;
mod channel;
mod error;
mod explain;
mod verifier;

#[cfg(test)]
pub(crate) mod fixtures;

use std::{collections::BTreeMap, fmt, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};

use crate::{
    fs::{self, Kind},
    keys::own_key,
    pki::{Certificate, PkiError},
    plan::{Federation, Fingerprints, PartyPlan},
    types::{Digest, PartyName},
};

pub use channel::{Acceptor, HANDSHAKE, HELLO, PeerStream, Refusal, ServerStream};
pub use error::IdentityError;
pub use explain::explain;
use verifier::{PinnedClients, PinnedPeer, PinnedServer};

/// ALPN of the rendezvous, which is gRPC over HTTP/2.
pub const RENDEZVOUS: &[u8] = b"h2";

/// ALPN of the embedded runtime's sum.
pub const SUM: &[u8] = b"sfgen-sum/1";

/// This party's files, with every relative path resolved by the caller.
#[derive(Clone, Debug)]
pub struct OwnFiles {
    /// Its CA certificate.
    pub ca: Utf8PathBuf,
    /// Its leaf certificate.
    pub cert: Utf8PathBuf,
    /// The leaf's private key.
    pub key: Utf8PathBuf,
    /// What the plan says that the certificates are.
    pub pins: Fingerprints,
}

/// What is known of a peer.
#[derive(Clone, Debug)]
pub struct PeerFiles {
    /// Its CA certificate, in the tree.
    pub ca: Utf8PathBuf,
    /// What the plan says that its certificates are.
    pub pins: Fingerprints,
}

/// This party's certificate and key, and the pinned certificates of its peers. Its `Debug` shows no key.
pub struct Credentials {
    me: PartyName,
    mine: PinnedPeer,
    own: Arc<SingleCertAndKey>,
    cert_pem: Vec<u8>,
    key_pem: Vec<u8>,
    peers: Arc<BTreeMap<PartyName, PinnedPeer>>,
    provider: Arc<CryptoProvider>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("me", &self.me).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads what a party's plan names: paths relative to `root`, the folder of the topology, and the peers' CAs
    /// from `tree`. Trusts the parties with which it shares a device or a job, and nobody else.
    pub fn load(
        root: &Utf8Path,
        tree: &Utf8Path,
        plan: &PartyPlan,
        federation: &Federation,
    ) -> Result<Self, IdentityError> {
        let pins = |party: &PartyName| {
            let known = federation.parties.get(party).and_then(|known| known.identity.clone());
            known.ok_or_else(|| IdentityError::NoIdentity { party: party.clone() })
        };
        let files = plan.identity.as_ref();
        let files = files.ok_or_else(|| IdentityError::NoIdentity { party: plan.party.clone() })?;
        let own = OwnFiles {
            ca: root.join(&files.ca),
            cert: root.join(&files.cert),
            key: own_key(root, &files.key),
            pins: pins(&plan.party)?,
        };
        let peers = federation.peers(&plan.party).into_iter().map(|peer| {
            let ca = tree.join("ca").join(format!("{peer}.pem"));
            let pins = pins(&peer)?;
            Ok((peer, PeerFiles { ca, pins }))
        });
        Self::read(plan.party.clone(), &own, &peers.collect::<Result<_, _>>()?)
    }

    /// Reads the given files and holds each against the plan's fingerprint.
    pub fn read(
        me: PartyName,
        own: &OwnFiles,
        peers: &BTreeMap<PartyName, PeerFiles>,
    ) -> Result<Self, IdentityError> {
        if peers.is_empty() {
            return Err(IdentityError::NoPeers { party: me });
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let ca = pinned(&me, &own.ca, &own.pins.ca)?.0;
        let (cert, cert_pem) = pinned(&me, &own.cert, &own.pins.leaf)?;
        if !cert.verify_signed_by(&ca) {
            let (cert, ca) = (own.cert.clone(), own.ca.clone());
            return Err(IdentityError::ForeignCa { cert, ca });
        }
        let key_pem = private(&own.key)?;
        let key = PrivateKeyDer::from_pem_slice(&key_pem)
            .map_err(|_| IdentityError::NotAKey { path: own.key.clone() })?;
        let chain = vec![CertificateDer::from(cert.der().to_vec())];
        let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|why| match why {
            rustls::Error::InconsistentKeys(_) => {
                IdentityError::OtherKey { key: own.key.clone(), cert: own.cert.clone() }
            }
            rustls::Error::InvalidCertificate(_) => unusable(&own.cert),
            _ => IdentityError::NotAKey { path: own.key.clone() },
        })?;
        let peers = peers.iter().map(|(party, files)| {
            let ca = pinned(party, &files.ca, &files.pins.ca)?.0;
            Ok((party.clone(), PinnedPeer { ca, leaf: files.pins.leaf }))
        });
        let peers = Arc::new(peers.collect::<Result<_, IdentityError>>()?);
        let own_leaf = own.pins.leaf;
        let own = Arc::new(SingleCertAndKey::from(certified));
        let mine = PinnedPeer { ca, leaf: own_leaf };
        Ok(Self { me, mine, own, cert_pem, key_pem, peers, provider })
    }

    /// The same for the launchers of a party with several hosts, which speak with each other as well: the party is one of
    /// those whose certificate is accepted.
    #[must_use]
    pub fn with_own_hosts(self) -> Self {
        let mut peers = (*self.peers).clone();
        peers.insert(self.me.clone(), self.mine.clone());
        Self { peers: Arc::new(peers), ..self }
    }

    /// Whose credentials these are.
    #[must_use]
    pub fn me(&self) -> &PartyName {
        &self.me
    }

    /// The party whose pinned certificate stands first in what a peer presented.
    #[must_use]
    pub fn peer_of(&self, presented: &[CertificateDer<'_>]) -> Option<PartyName> {
        let leaf = Digest::of(presented.first()?);
        let found = self.peers.iter().find(|(_, peer)| peer.leaf == leaf);
        found.map(|(party, _)| party.clone())
    }

    /// TLS for listeners that speak `protocol`: every client presents a pinned certificate.
    #[must_use]
    pub fn server_config(&self, protocol: &[u8]) -> ServerConfig {
        let inner = WebPkiClientVerifier::builder_with_provider(
            roots(self.peers.values()),
            self.provider.clone(),
        );
        let inner = inner.build().expect("there is a peer, and its CA was accepted as a root");
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .expect("ring does TLS 1.3")
            .with_client_cert_verifier(Arc::new(PinnedClients { inner, peers: self.peers.clone() }))
            .with_cert_resolver(self.own.clone());
        config.alpn_protocols = vec![protocol.to_vec()];
        // A resumed session would skip the check of the certificate; the time that it saves does not matter here.
        config.send_tls13_tickets = 0;
        config
    }

    /// TLS for dialling `peer` to speak `protocol`; `None` where the party is no peer.
    #[must_use]
    pub fn client_config(&self, peer: &PartyName, protocol: &[u8]) -> Option<ClientConfig> {
        let verifier = self.server_verifier(peer)?;
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .expect("ring does TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(self.own.clone());
        config.alpn_protocols = vec![protocol.to_vec()];
        config.resumption = rustls::client::Resumption::disabled();
        Some(config)
    }

    /// What accepts `peer`'s own certificate and no other, for libraries that bring their own TLS client.
    #[must_use]
    pub fn server_verifier(&self, peer: &PartyName) -> Option<Arc<dyn ServerCertVerifier>> {
        let known = self.peers.get(peer)?;
        let inner =
            WebPkiServerVerifier::builder_with_provider(roots([known]), self.provider.clone());
        let inner = inner.build().expect("the peer's CA was accepted as a root");
        Some(Arc::new(PinnedServer { inner, party: peer.clone(), leaf: known.leaf }))
    }

    /// Certificate and key as PEM, for libraries that bring their own TLS client.
    #[must_use]
    pub fn pem(&self) -> (&[u8], &[u8]) {
        (&self.cert_pem, &self.key_pem)
    }
}

/// The certificate at `path` and its text, if it is the one that the plan says.
fn pinned(
    party: &PartyName,
    path: &Utf8Path,
    planned: &Digest,
) -> Result<(Certificate, Vec<u8>), IdentityError> {
    let pem = fs::read(path).map_err(IdentityError::Unreadable)?;
    let certificate = Certificate::from_pem(&pem)
        .map_err(|why| IdentityError::NotACertificate { path: path.to_owned(), why })?;
    let found = certificate.fingerprint();
    if found != *planned {
        return Err(IdentityError::NotPlanned {
            path: path.to_owned(),
            party: party.clone(),
            found: found.short(),
            planned: planned.short(),
        });
    }
    // Tried here, so that `roots` below cannot fail.
    if RootCertStore::empty().add(CertificateDer::from(certificate.der())).is_err() {
        return Err(unusable(path));
    }
    Ok((certificate, pem))
}

/// A certificate that is one, and that TLS refuses all the same.
fn unusable(path: &Utf8Path) -> IdentityError {
    let why = PkiError::Malformed("TLS cannot use it".to_owned());
    IdentityError::NotACertificate { path: path.to_owned(), why }
}

/// A private key's text; an error where others than this user and root can read it.
fn private(path: &Utf8Path) -> Result<Vec<u8>, IdentityError> {
    // A link is followed: what matters is who can read the key itself.
    let real = fs::resolve(path).map_err(IdentityError::Unreadable)?;
    match fs::kind(&real).map_err(IdentityError::Unreadable)? {
        Kind::File { owner, .. } if !fs::is_own_or_roots(owner) => {
            Err(IdentityError::Foreign { path: path.to_owned(), owner })
        }
        Kind::File { mode, .. } if mode & 0o077 != 0 => {
            Err(IdentityError::Exposed { path: path.to_owned(), mode })
        }
        Kind::File { .. } => fs::read(&real).map_err(IdentityError::Unreadable),
        _ => Err(IdentityError::NotAKey { path: path.to_owned() }),
    }
}

fn roots<'a>(peers: impl IntoIterator<Item = &'a PinnedPeer>) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    for peer in peers {
        store
            .add(CertificateDer::from(peer.ca.der().to_vec()))
            .expect("`pinned` tried this certificate");
    }
    Arc::new(store)
}

#[cfg(test)]
mod tests;
