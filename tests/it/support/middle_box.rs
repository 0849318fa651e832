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
        Self::start(port, move |front| {
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
        Self::start(port, move |front| held.push(front))
    }

    fn start(port: u16, mut take: impl FnMut(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
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

fn copy(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
