//! The signals that ask sfgen to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::fs::FsError;

/// SIGINT and SIGTERM. From its making on neither ends the process by itself, and one that comes is kept until it is
/// asked for.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Begins to catch them. Must be called within a runtime.
    pub fn catch() -> Result<Self, FsError> {
        let catch = |kind| {
            signal(kind).map_err(|why| FsError::new("catch signals of", "/proc/self".into(), why))
        };
        Ok(Self {
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
        })
    }

    /// Waits for one. May be cancelled; nothing is lost.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Waits for SIGINT or SIGTERM. From the first call on, neither ends the process by itself.
pub async fn interrupted() {
    match Signals::catch() {
        Ok(mut signals) => signals.next().await,
        Err(_) => std::future::pending().await,
    }
}
