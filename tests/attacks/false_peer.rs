//! A listed party that does what no launcher does: it has its own keys, and nothing else in common with one.

use std::{
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};
use sfgen::types::Digest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::support::workspace::Workspace;

/// The messages of the rendezvous.
#[allow(clippy::pedantic, dead_code, missing_docs, unreachable_pub, reason = "generated")]
pub(super) mod pb {
    include!("../../src/launch/peers/rendezvous/gen/sfgen.rendezvous.v1.rs");
}

use pb::rendezvous_client::RendezvousClient;

/// A party's certificate and key, and the CAs that it and alice have.
pub(super) struct Keys {
    cert: String,
    key: String,
    own_ca: String,
    alice_ca: String,
}

impl Keys {
    pub(super) fn of(ws: &Workspace, party: &str) -> Self {
        Self {
            cert: ws.read(&format!("pki/{party}/node.pem")),
            key: ws.read(&format!("keys/{party}/node.key")),
            own_ca: ws.read(&format!("pki/{party}/ca.pem")),
            alice_ca: ws.read("pki/alice/ca.pem"),
        }
    }

    /// The same with another leaf.
    pub(super) fn with_leaf(self, cert: String, key: String) -> Self {
        Self { cert, key, ..self }
    }

    fn chain(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let cert = CertificateDer::from_pem_slice(self.cert.as_bytes()).unwrap();
        (vec![cert], PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap())
    }

    /// TLS as the party's launcher speaks it; trusts alice and the party itself.
    pub(super) fn client(&self, protocols: &[&[u8]]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        for ca in [&self.alice_ca, &self.own_ca] {
            roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
        }
        let (chain, key) = self.chain();
        // Made by hand, since a certificate that the other end is to refuse must get that far.
        let key = default_provider().key_provider.load_private_key(key).unwrap();
        let own = SingleCertAndKey::from(CertifiedKey::new(chain, key));
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::new(own));
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }

    /// TLS of a server with the party's certificate that takes clients with it only, as an SPU does.
    pub(super) fn server(&self) -> ServerConfig {
        let provider = Arc::new(default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.own_ca.as_bytes()).unwrap()).unwrap();
        let clients =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
        let (chain, key) = self.chain();
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients.unwrap())
            .with_single_cert(chain, key)
            .unwrap()
    }

    /// A connection to alice behind a finished handshake, for whatever bytes.
    pub(super) fn raw(&self, port: u16) -> StreamOwned<ClientConnection, TcpStream> {
        let name = "127.0.0.1".try_into().unwrap();
        let connection = ClientConnection::new(Arc::new(self.client(&[b"h2"])), name).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
        StreamOwned::new(connection, stream)
    }
}

/// Bob's call to alice. It lasts until it is dropped, or alice ends it.
pub(super) struct FalsePeer {
    snapshots: mpsc::Sender<pb::Snapshot>,
}

impl FalsePeer {
    /// Dials alice's control port with bob's keys.
    pub(super) fn call(ws: &Workspace, port: u16) -> Self {
        let keys = Keys::of(ws, "bob");
        let (snapshots, outbound) = mpsc::channel(1);
        let tls = ClientTlsConfig::new()
            .domain_name("127.0.0.1")
            .ca_certificate(Certificate::from_pem(&keys.alice_ca))
            .identity(Identity::from_pem(&keys.cert, &keys.key));
        let endpoint = Endpoint::from_shared(format!("https://127.0.0.1:{port}")).unwrap();
        let endpoint = endpoint.tls_config(tls).unwrap();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let mut client = RendezvousClient::new(endpoint.connect().await.unwrap());
                let call = client.attend(ReceiverStream::new(outbound)).await;
                let Ok(acks) = call else { return };
                let mut acks = acks.into_inner();
                while let Ok(Some(_)) = acks.message().await {}
            });
        });
        Self { snapshots }
    }

    /// Sends a snapshot; `false` where alice has ended the call.
    pub(super) fn say(&self, snapshot: pb::Snapshot) -> bool {
        self.snapshots.blocking_send(snapshot).is_ok()
    }
}

/// What bob's launcher would say of itself.
pub(super) fn snapshot(ws: &Workspace) -> pb::Snapshot {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let federation = std::fs::read(ws.join("generated/federation.json")).unwrap();
    pb::Snapshot {
        sequence: 1,
        facts: Some(pb::Facts {
            plan: Digest::of(&federation).bytes().to_vec(),
            topology: "attacked".to_owned(),
            sfgen: env!("CARGO_PKG_VERSION").to_owned(),
            clock_millis: u64::try_from(now).unwrap(),
            ..pb::Facts::default()
        }),
        phase: pb::Phase::Armed.into(),
        ..pb::Snapshot::default()
    }
}
