//! The signals that ask sfgen to end.

use nix::{
    sys::{prctl, signal::Signal as Kind},
    unistd::getppid,
};
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

/// Has the kernel kill this process when the process `parent` ends, which must have started it; `false` where that one
/// has ended already. Must be called in the first thread, since the kernel keeps it by thread.
#[must_use]
pub fn end_with_parent(parent: u32) -> bool {
    let _ = prctl::set_pdeathsig(Kind::SIGKILL); // it fails for an invalid signal only
    u32::try_from(getppid().as_raw()) == Ok(parent)
}
