//! Listeners, and the places of the connections that they accept.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Notify,
    time::sleep,
};

use super::{
    places::{Limits, PlaceId, Places},
    source::KnownSources,
};

/// How many connections may wait in the system for `accept`; the system lowers it to the most that it allows
/// (`net.core.somaxconn`).
const BACKLOG: u32 = i32::MAX.cast_unsigned();

/// The pause after an accept that failed for want of files or memory; by then a stranger's connection is closed.
const SHORT_OF_FILES: Duration = Duration::from_millis(20);

/// Listens at an address. Must be called within a runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A launcher that starts again must not wait for the connections of its predecessor to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Gives places to connections. Clones share the places, so that several listeners stay within one limit.
#[derive(Clone, Debug)]
pub struct Admission {
    places: Arc<Mutex<Places<Arc<Notify>>>>,
    known: KnownSources,
}

impl Admission {
    /// Nobody holds a place yet; sources that are `known` have places of their own.
    #[must_use]
    pub fn new(limits: Limits, known: KnownSources) -> Self {
        Self { places: Arc::new(Mutex::new(Places::new(limits))), known }
    }

    /// The sources of peers.
    #[must_use]
    pub fn known(&self) -> &KnownSources {
        &self.known
    }

    /// The next connection, with its place.
    pub async fn accept(&self, listener: &TcpListener) -> (TcpStream, SocketAddr, Place) {
        loop {
            if let Ok((stream, from)) = listener.accept().await {
                return (stream, from, self.place(from));
            }
            // The error can also be that of a connection which is gone; an idle stranger is no loss then either.
            let lost = self.places().drop_stranger();
            if let Some(lost) = lost {
                lost.notify_one();
            }
            sleep(SHORT_OF_FILES).await;
        }
    }

    /// A place for a connection from this address; somebody may lose one for it.
    #[must_use]
    pub fn place(&self, from: SocketAddr) -> Place {
        let source = from.ip().into();
        let is_peer = self.known.contains(source);
        let lost = Arc::new(Notify::new());
        let (id, loser) = self.places().take(source, is_peer, lost.clone());
        if let Some(loser) = loser {
            loser.notify_one();
        }
        Place { id, lost, admission: self.clone() }
    }

    fn places(&self) -> MutexGuard<'_, Places<Arc<Notify>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    id: PlaceId,
    lost: Arc<Notify>,
    admission: Admission,
}

impl Place {
    /// Tells that the connection made progress.
    pub fn progressed(&self) {
        self.admission.places().progressed(self.id);
    }

    /// Works for the connection; `None` where it lost its place before that was done.
    pub async fn keep<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.lost.notified() => None,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.places().release(self.id);
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt as _, time::timeout};

    use super::*;

    #[tokio::test]
    async fn the_connection_that_has_waited_longest_is_closed_for_a_new_one() {
        let limits = Limits { stranger: 1, strangers: 1, peer: 1, peers: 1 };
        let admission = Admission::new(limits, KnownSources::default());
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut first = TcpStream::connect(address).await.unwrap();
        let (stream, _, place) = admission.accept(&listener).await;
        let serving = tokio::spawn(async move {
            let work = async move {
                let _open = stream;
                std::future::pending::<()>().await;
            };
            place.keep(work).await
        });
        let _second = TcpStream::connect(address).await.unwrap();
        let (_stream, from, _place) = admission.accept(&listener).await;
        assert_eq!(from.ip(), address.ip());
        let end = timeout(Duration::from_secs(20), first.read_u8()).await.expect("it was closed");
        assert!(end.is_err());
        assert_eq!(serving.await.unwrap(), None);
    }
}
