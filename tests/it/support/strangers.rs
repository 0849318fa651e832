//! Clients that must be refused: without TLS, without a certificate, and with one of an unknown CA.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, Stream,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring::default_provider},
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
};

/// How a port answered a client that is no peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reception {
    /// The connection was closed, or an alert was sent, before a byte of the protocol behind it.
    Refused,
    /// The protocol behind it answered with these bytes.
    Answered(Vec<u8>),
    /// Nothing came within the time that an answer takes.
    Silence,
}

/// What is said to a port, so that whatever listens there answers: the start of HTTP/2 and its empty settings, as
/// gRPC expects them, or a request of HTTP/1, as brpc's status pages do.
const GREETINGS: [&[u8]; 2] = [
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    b"GET /health HTTP/1.1\r\nHost: stranger\r\n\r\n",
];

/// A TLS alert starts with this byte; so does no answer of HTTP/1 or HTTP/2.
const ALERT: u8 = 0x15;
const PATIENCE: Duration = Duration::from_secs(3);

/// How a port on loopback answers each kind of client that is no peer, by the kind.
pub(crate) fn visit(port: u16) -> Vec<(&'static str, Reception)> {
    let mut receptions = Vec::new();
    for greeting in GREETINGS {
        receptions.push(("without TLS", plain(port, greeting)));
        receptions.push(("without a certificate", tls(port, greeting, None)));
        receptions.push(("of a foreign CA", tls(port, greeting, Some(foreign()))));
    }
    receptions
}

fn connect(port: u16) -> TcpStream {
    let stream =
        TcpStream::connect(("127.0.0.1", port)).unwrap_or_else(|why| panic!("{port}: {why}"));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn plain(port: u16, greeting: &[u8]) -> Reception {
    let mut stream = connect(port);
    exchange(&mut stream, greeting)
}

/// Talks as a client that trusts every server, so that only the server can refuse.
fn tls(port: u16, greeting: &[u8], identity: Option<Identity>) -> Reception {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)));
    let mut config = match identity {
        Some((chain, key)) => config.with_client_auth_cert(chain, key.into()).unwrap(),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = connect(port);
    exchange(&mut Stream::new(&mut connection, &mut stream), greeting)
}

fn exchange(stream: &mut (impl Read + Write), greeting: &[u8]) -> Reception {
    let mut answer = [0; 256];
    let read = stream
        .write_all(greeting)
        .and_then(|()| stream.flush())
        .and_then(|()| stream.read(&mut answer));
    match read {
        Ok(0) => Reception::Refused,
        Ok(_) if answer[0] == ALERT => Reception::Refused,
        Ok(count) => Reception::Answered(answer[..count].to_vec()),
        Err(why) if matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Reception::Silence
        }
        Err(_) => Reception::Refused,
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivatePkcs8KeyDer<'static>);

fn foreign() -> Identity {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    (vec![leaf.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()))
}

/// Takes every server for the right one: the test is about what servers take.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
