//! Bytes in both directions between a client and an SPU, and what can be seen of them from outside.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
};

use super::records::ClientRecords;

/// How many bytes are passed on at once.
const PIECE: usize = 16 << 10;

/// What was seen of a connection.
#[derive(Debug, Default)]
pub(super) struct Watch {
    answered: AtomicBool,
    shaken: Notify,
    progress: Notify,
}

impl Watch {
    /// Waits until the client has ended its half of the handshake after an answer of the SPU. Whether the SPU accepts it
    /// cannot be seen; it closes the connection where it does not.
    pub(super) async fn shaken(&self) {
        self.shaken.notified().await;
    }

    /// Waits until the client has sent something.
    pub(super) async fn progress(&self) {
        self.progress.notified().await;
    }
}

/// Passes on `hello`, and then all that either end sends, until both have ended or one has failed.
pub(super) async fn relay(
    mut client: TcpStream,
    mut spu: TcpStream,
    hello: Vec<u8>,
    watch: &Watch,
) {
    if spu.write_all(&hello).await.is_err() {
        return;
    }
    let ((from_client, to_client), (from_spu, to_spu)) = (client.split(), spu.split());
    let mut records = ClientRecords::default();
    let mut is_shaken = false;
    let there = pump(from_client, to_spu, |piece| {
        if !is_shaken && records.take(piece) && watch.answered.load(Ordering::Relaxed) {
            is_shaken = true;
            watch.shaken.notify_one();
        }
        watch.progress.notify_one();
    });
    let back = pump(from_spu, to_client, |_| watch.answered.store(true, Ordering::Relaxed));
    // An end that fails ends the other, too: both sockets are closed when this returns.
    let _ = tokio::try_join!(there, back);
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut seen: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        seen(&buffer[..count]);
        to.write_all(&buffer[..count]).await?;
    }
}
