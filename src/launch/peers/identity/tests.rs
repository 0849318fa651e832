//! Real handshakes on loopback.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{
    fixtures::{Parties, material, party},
    *,
};
use crate::{keys, types::HostAddr};

/// What the server says of a client, and what the client says of the server.
async fn meet(
    server: Arc<Credentials>,
    client: Arc<Credentials>,
    dialled: &str,
) -> (Result<PartyName, Refusal>, Result<(), String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let dialled: HostAddr = dialled.parse().unwrap();
    let peer = server.me().clone();
    let accepting = async {
        let (stream, _) = listener.accept().await.unwrap();
        let (party, mut stream) = Acceptor::new(server, SUM).accept(stream, || {}).await?;
        // The other side may be gone already, when it refused.
        let _ = stream.write_all(b"!").await;
        Ok(party)
    };
    let dialling = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream =
            client.connect(&peer, &dialled, stream, SUM).await.map_err(|why| why.to_string())?;
        // With TLS 1.3 the client learns of its refusal at the first read.
        let read = stream.read_u8().await;
        read.map(|_| ()).map_err(|why| explain(&why))
    };
    tokio::join!(accepting, dialling)
}

#[tokio::test]
async fn pinned_parties_know_each_other_by_certificate() {
    let parties = Parties::new(&["alice", "bob"]);
    let (server, client) =
        meet(parties.credentials("alice"), parties.credentials("bob"), "127.0.0.1").await;
    assert_eq!((server, client), (Ok(party("bob")), Ok(())));
}

#[tokio::test]
async fn a_new_leaf_of_the_right_ca_is_refused_and_its_owner_is_named() {
    let parties = Parties::new(&["alice", "bob"]);
    let alice = parties.credentials("alice");
    // Bob's own CA signs a second leaf: the chain is good, the pin is not.
    let files = parties.key_files(&party("bob"));
    let ca_key = rcgen::KeyPair::from_pem(&fs::read_text(&files.ca_key).unwrap()).unwrap();
    let mut ca = rcgen::CertificateParams::default();
    ca.distinguished_name = rcgen::DistinguishedName::new();
    ca.distinguished_name.push(rcgen::DnType::CommonName, "bob CA");
    ca.distinguished_name.push(rcgen::DnType::OrganizationName, "sfgen credit-risk");
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    leaf.extended_key_usages = vec![
        rcgen::ExtendedKeyUsagePurpose::ServerAuth,
        rcgen::ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    fs::write_atomically(&files.cert, leaf.pem().as_bytes(), 0o644).unwrap();
    fs::write_atomically(&files.key, key.serialize_pem().as_bytes(), 0o600).unwrap();
    let bob = parties.credentials("bob");
    let pin = parties.pins(&party("bob")).leaf.short();

    let (server, client) = meet(alice.clone(), bob.clone(), "127.0.0.1").await;
    let wanted = format!("presents a certificate that is not bob's pinned one (sha256 {pin}...)");
    assert_eq!(server.unwrap_err().to_string(), wanted);
    assert!(client.unwrap_err().starts_with("refuses this party's certificate"));
    let (_, client) = meet(bob, alice, "127.0.0.1").await;
    assert_eq!(client.unwrap_err(), wanted, "pinned in the other direction, too");
}

#[tokio::test]
async fn a_foreign_ca_is_refused_in_both_directions() {
    let parties = Parties::new(&["alice", "bob"]);
    let alice = parties.credentials("alice");
    parties.renew(&party("bob"));
    let bob = parties.credentials("bob");
    let foreign = "presents a certificate of a CA that is not in the plan";
    let (server, _) = meet(alice.clone(), bob.clone(), "127.0.0.1").await;
    assert_eq!(server.unwrap_err().to_string(), foreign);
    let (_, client) = meet(bob, alice, "127.0.0.1").await;
    assert_eq!(client.unwrap_err(), foreign);
}

#[tokio::test]
async fn a_server_must_have_the_dialled_address_in_its_certificate() {
    let parties = Parties::new(&["alice", "bob"]);
    let (_, client) =
        meet(parties.credentials("alice"), parties.credentials("bob"), "10.0.0.5").await;
    assert_eq!(client.unwrap_err(), "presents a certificate without the address that was dialled");
}

#[tokio::test]
async fn strangers_are_told_apart() {
    let parties = Parties::new(&["alice", "bob"]);
    let acceptor = Acceptor::new(parties.credentials("alice"), SUM);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();

    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let why = acceptor.accept(listener.accept().await.unwrap().0, || {}).await.unwrap_err();
    assert_eq!(why.to_string(), "does not speak TLS");

    let silent = TcpStream::connect(address).await.unwrap();
    drop(silent);
    let why = acceptor.accept(listener.accept().await.unwrap().0, || {}).await.unwrap_err();
    assert_eq!(why.to_string(), "closed the connection");

    let bob = parties.credentials("bob");
    let mut config = bob.client_config(&party("alice"), SUM).unwrap();
    config.client_auth_cert_resolver = Arc::new(Nothing);
    assert_eq!(refusal(&acceptor, &listener, config).await, "presented no certificate");

    let config = bob.client_config(&party("alice"), RENDEZVOUS).unwrap();
    let wanted = "asks for another protocol than this port speaks";
    assert_eq!(refusal(&acceptor, &listener, config).await, wanted);
    let mut config = bob.client_config(&party("alice"), SUM).unwrap();
    config.alpn_protocols.clear();
    assert_eq!(refusal(&acceptor, &listener, config).await, wanted);
}

async fn refusal(acceptor: &Acceptor, listener: &TcpListener, config: ClientConfig) -> String {
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let dialling = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp);
    let accepting = async {
        let stream = listener.accept().await.unwrap().0;
        acceptor.accept(stream, || {}).await.map(|(party, _)| party)
    };
    tokio::join!(accepting, dialling).0.unwrap_err().to_string()
}

/// A client without a certificate.
#[derive(Debug)]
struct Nothing;

impl rustls::client::ResolvesClientCert for Nothing {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

#[test]
fn each_fault_of_the_own_files_has_its_own_error() {
    let parties = Parties::new(&["alice", "bob"]);
    let me = party("alice");
    let (files, peers) = (parties.key_files(&me), parties.peers(&me));
    let good = parties.own(&me);
    let read = |own: &OwnFiles| Credentials::read(me.clone(), own, &peers).unwrap_err();
    let key = fs::read(&files.key).unwrap();
    let put = |bytes: &[u8], mode| fs::write_atomically(&files.key, bytes, mode).unwrap();

    put(&key, 0o640);
    assert!(matches!(read(&good), IdentityError::Exposed { mode: 0o640, .. }));
    put(b"hello", 0o600);
    assert!(matches!(read(&good), IdentityError::NotAKey { .. }));
    put(&fs::read(&files.ca_key).unwrap(), 0o600);
    assert!(matches!(read(&good), IdentityError::OtherKey { .. }));
    fs::remove_file(&files.key).unwrap();
    assert!(matches!(read(&good), IdentityError::Unreadable(_)));
    put(&key, 0o600);
    assert!(Credentials::read(me.clone(), &good, &peers).is_ok());

    let bob = parties.own(&party("bob"));
    let other = OwnFiles { cert: bob.cert.clone(), ..good.clone() };
    assert!(matches!(read(&other), IdentityError::NotPlanned { .. }));
    let pins = Fingerprints { ca: good.pins.ca, leaf: bob.pins.leaf, not_after: None };
    let other = OwnFiles { cert: bob.cert, pins, ..good.clone() };
    assert!(matches!(read(&other), IdentityError::ForeignCa { .. }));
    let junk = OwnFiles { cert: files.key.clone(), ..good.clone() };
    assert!(matches!(read(&junk), IdentityError::NotACertificate { .. }));
    let alone = Credentials::read(me.clone(), &good, &BTreeMap::new()).unwrap_err();
    assert!(matches!(alone, IdentityError::NoPeers { .. }));
    let _ = keys::write(&material(&me, "127.0.0.1"), &files, keys::Old::Keep).unwrap_err();
}
