//! The signals that ask sfgen to end.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGINT or SIGTERM. From the first call on, neither ends the process by itself.
pub async fn interrupted() {
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
    }
}
