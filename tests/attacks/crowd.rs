//! Many connections at once, from many addresses, kept open for as long as the other end lets them be.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    sync::oneshot,
    task::JoinSet,
    time::sleep,
};

/// After how long a connection that was closed is opened again.
const AGAIN: Duration = Duration::from_secs(5);
/// Open files that the rest of the test process needs.
const SPARE: usize = 1000;

/// A thread that holds connections until it is dropped.
pub(super) struct Crowd {
    _hold: oneshot::Sender<()>,
    came: Arc<AtomicUsize>,
}

impl Crowd {
    /// Connects to a port on loopback once from each of these addresses, says `words`, and then nothing more.
    pub(super) fn gather(port: u16, sources: Vec<Ipv4Addr>, words: &[u8]) -> Self {
        let (hold, let_go) = oneshot::channel::<()>();
        let came = Arc::new(AtomicUsize::new(0));
        let (words, counter) = (words.to_vec(), came.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let mut connections = JoinSet::new();
                for source in sources {
                    connections.spawn(linger(source, port, words.clone(), counter.clone()));
                }
                let _ = let_go.await;
            });
        });
        Self { _hold: hold, came }
    }

    /// Waits until this many connections were made.
    pub(super) fn wait_for(&self, number: usize) {
        let since = std::time::Instant::now();
        while self.came.load(Ordering::Relaxed) < number {
            assert!(since.elapsed() < Duration::from_mins(1), "the crowd does not get in");
            thread::yield_now();
        }
    }
}

async fn linger(source: Ipv4Addr, port: u16, words: Vec<u8>, came: Arc<AtomicUsize>) {
    loop {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((source, 0).into()).unwrap();
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if let Ok(mut stream) = socket.connect(target).await {
            came.fetch_add(1, Ordering::Relaxed);
            // The other end may have closed it by now, which is what it is to do.
            let _ = stream.write_all(&words).await;
            let mut end = [0; 64];
            while stream.read(&mut end).await.is_ok_and(|count| count > 0) {}
        }
        sleep(AGAIN).await;
    }
}

/// This many addresses of 127.0.0.0/8 that no party has.
pub(super) fn others(number: usize) -> Vec<Ipv4Addr> {
    let all =
        (1..=250).flat_map(|third| (1..=250).map(move |last| Ipv4Addr::new(127, 1, third, last)));
    all.take(number).collect()
}

/// This many times the address that all parties have.
pub(super) fn own(number: usize) -> Vec<Ipv4Addr> {
    vec![Ipv4Addr::LOCALHOST; number]
}

/// `wanted`, or as many connections as the system lets this process have.
pub(super) fn as_many_as(wanted: usize) -> usize {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    wanted.min(usize::try_from(hard).unwrap_or(usize::MAX).saturating_sub(SPARE))
}
