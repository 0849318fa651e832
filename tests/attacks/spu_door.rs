//! The door before an SPU, with a TLS server of its own kind behind it.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use nix::time::{ClockId, clock_gettime};
use sfgen::launch::{
    links::door::{SpuDoor, open},
    peers::admission::{Admission, KnownSources, Limits},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{
    crowd::{Crowd, others, own},
    false_peer::Keys,
    honest::three_parties,
};

/// A door before a TLS server that sends back what clients with bob's certificate say.
struct Spu {
    outside: SocketAddr,
    keys: Keys,
    _tasks: [JoinSet<()>; 2],
}

impl Spu {
    async fn open(keys: Keys) -> Self {
        let inside = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let spare = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let outside = spare.local_addr().unwrap();
        drop(spare);
        let door = SpuDoor { outside, inside: inside.local_addr().unwrap() };
        let known = KnownSources::planned([&"127.0.0.1".parse().unwrap()]);
        let opened = open(door, &Admission::new(Limits::HANDSHAKES, known)).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(keys.server()));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut clients = JoinSet::new();
            loop {
                let (stream, _) = inside.accept().await.unwrap();
                let acceptor = acceptor.clone();
                clients.spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let (mut read, mut write) = tokio::io::split(stream);
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        Self { outside, keys, _tasks: [opened, serving] }
    }

    /// The honest client gets through, and what it says comes back. Like a peer's SPU it dials again where its connection
    /// is closed, which happens while many others come from its own address; it must be through within a second.
    async fn serves_a_peer(&self) {
        let trying = async {
            while let Err(why) = self.exchange().await {
                let closed =
                    [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof, ErrorKind::BrokenPipe];
                assert!(closed.contains(&why.kind()), "{why}");
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(1), trying).await.expect("within a second");
    }

    async fn exchange(&self) -> std::io::Result<()> {
        let stream = TcpStream::connect(self.outside).await?;
        let connector = TlsConnector::from(Arc::new(self.keys.client(&[])));
        let mut stream = connector.connect("127.0.0.1".try_into().unwrap(), stream).await?;
        stream.write_all(b"share").await?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await?;
        assert_eq!(&answer, b"share");
        Ok(())
    }
}

fn with_door(test: impl AsyncFnOnce(Spu)) {
    let ws = three_parties();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { test(Spu::open(Keys::of(&ws, "bob")).await).await });
}

/// Attack: clients that begin a TLS record and stop.
/// Load: 1,000 from other addresses and 200 from the peer's own, two bytes each, all kept open.
/// Outcome: a peer gets through, again and again.
#[test]
fn clients_that_stop_after_two_bytes_keep_no_peer_out_of_an_spu() {
    with_door(async |spu| {
        let strangers = Crowd::gather(spu.outside.port(), others(1000), &[0x16, 0x03]);
        let neighbours = Crowd::gather(spu.outside.port(), own(200), &[0x16, 0x03]);
        for _ in 0..10 {
            spu.serves_a_peer().await;
            sleep(Duration::from_millis(100)).await;
        }
        drop((strangers, neighbours));
    });
}

/// Attack: clients that begin a TLS handshake as it should be and never go on.
/// Load: 300 from other addresses and 100 from the peer's own, a whole ClientHello each, all kept open.
/// Outcome: a peer gets through.
#[test]
fn clients_that_stop_after_their_hello_keep_no_peer_out_of_an_spu() {
    with_door(async |spu| {
        let name = "127.0.0.1".try_into().unwrap();
        let mut client =
            rustls::ClientConnection::new(Arc::new(spu.keys.client(&[])), name).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        let strangers = Crowd::gather(spu.outside.port(), others(300), &hello);
        let neighbours = Crowd::gather(spu.outside.port(), own(100), &hello);
        for _ in 0..10 {
            spu.serves_a_peer().await;
            sleep(Duration::from_millis(100)).await;
        }
        drop((strangers, neighbours));
    });
}

/// Attack: clients that send the first byte of a TLS record and stop.
/// Load: 8 from the peer's own address, for one second.
/// Outcome: the door waits without using the processor, and a peer gets through.
#[test]
fn a_client_that_stops_after_one_byte_costs_no_processor_time() {
    with_door(async |spu| {
        let mut clients = Vec::new();
        for _ in 0..8 {
            let mut client = TcpStream::connect(spu.outside).await.unwrap();
            client.write_all(&[0x16]).await.unwrap();
            clients.push(client);
        }
        // The door runs in this thread.
        let used = || {
            let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
            Duration::from(time)
        };
        spu.serves_a_peer().await;
        let before = used();
        sleep(Duration::from_secs(1)).await;
        let spent = used().saturating_sub(before);
        assert!(spent < Duration::from_millis(200), "{spent:?}");
    });
}
