//! The two checks that a certificate must pass: the chain, which webpki checks, and the pinned fingerprint, checked here.

use std::{collections::BTreeMap, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::{
    pki::Certificate,
    types::{Digest, PartyName},
};

/// A peer whose CA was read and found to be the planned one.
#[derive(Clone, Debug)]
pub(super) struct PinnedPeer {
    pub(super) ca: Certificate,
    pub(super) leaf: Digest,
}

/// A certificate of a trusted CA that is not the pinned one. Reads on after "the peer".
#[derive(Debug, thiserror::Error)]
#[error(
    "presents a certificate that is not {owner} pinned one (sha256 {}...)",
    found.short()
)]
pub(super) struct NotPinned {
    owner: String,
    found: Digest,
}

impl NotPinned {
    fn refuse(owner: Option<&PartyName>, found: Digest) -> Error {
        let owner = owner.map_or_else(|| "a".to_owned(), |party| format!("{party}'s"));
        let why = OtherError(Arc::new(Self { owner, found }));
        Error::InvalidCertificate(CertificateError::Other(why))
    }
}

fn tls12_is_off() -> Error {
    Error::General("speaks an older TLS than 1.3".to_owned())
}

/// Accepts the pinned leaves of all peers.
#[derive(Debug)]
pub(super) struct PinnedClients {
    pub(super) inner: Arc<dyn ClientCertVerifier>,
    pub(super) peers: Arc<BTreeMap<PartyName, PinnedPeer>>,
}

impl ClientCertVerifier for PinnedClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.inner.verify_client_cert(leaf, intermediates, now)?;
        let found = Digest::of(leaf);
        if self.peers.values().any(|peer| peer.leaf == found) {
            return Ok(verified);
        }
        let read = Certificate::from_der(leaf).ok();
        let owner = self
            .peers
            .iter()
            .find(|(_, peer)| read.as_ref().is_some_and(|leaf| leaf.verify_signed_by(&peer.ca)));
        Err(NotPinned::refuse(owner.map(|(party, _)| party), found))
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(tls12_is_off())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Accepts the pinned leaf of one peer, at an address that the leaf names.
#[derive(Debug)]
pub(super) struct PinnedServer {
    pub(super) inner: Arc<WebPkiServerVerifier>,
    pub(super) party: PartyName,
    pub(super) leaf: Digest,
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(leaf, intermediates, name, ocsp, now)?;
        let found = Digest::of(leaf);
        if found == self.leaf {
            Ok(verified)
        } else {
            Err(NotPinned::refuse(Some(&self.party), found))
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(tls12_is_off())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
