//! A machine between the parties: what dials 127.0.0.1 is passed on to a party that listens behind it, or swallowed.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// Where a party listens that is dialled through the box.
pub(crate) const BEHIND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// One port of the box, until it is dropped.
pub(crate) struct MiddleBox {
    port: u16,
    is_over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl MiddleBox {
    /// Passes every connection on to the same port behind the box.
    pub(crate) fn passing_on(port: u16) -> Self {
        Self::leading(listening(port), port)
    }

    /// Passes every connection to a port of the box on to another one behind it.
    pub(crate) fn leading(from: TcpListener, port: u16) -> Self {
        Self::start(from, move |front| {
            // Where nobody listens behind it, the connection is closed, as a gateway does.
            if let Ok(back) = TcpStream::connect((BEHIND, port)) {
                copy(front.try_clone().unwrap(), back.try_clone().unwrap());
                copy(back, front);
            }
        })
    }

    /// Takes every connection and never answers.
    pub(crate) fn swallowing(port: u16) -> Self {
        let mut held = Vec::new();
        Self::start(listening(port), move |front| held.push(front))
    }

    fn start(listener: TcpListener, mut take: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let port = listener.local_addr().unwrap().port();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                take(stream);
            }
        });
        Self { port, is_over, accepting: Some(accepting) }
    }
}

impl Drop for MiddleBox {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // The thread sees it at its next connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let _ = self.accepting.take().unwrap().join();
    }
}

fn listening(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap()
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
