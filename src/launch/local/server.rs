//! The side of the socket on which a launcher takes requests.
//!
//! One request per connection, then replies until the last one. Only processes of the same user and of root are heard. A client that
//! does not read holds up neither the launcher nor its job.

use std::{io, os::unix::net, time::Duration};

use nix::unistd::getuid;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, interval, sleep_until, timeout},
};

use super::messages::{ClientRequest, Reply, Said, line};

/// The longest request that is read.
const REQUEST_MAX: u64 = 1 << 20;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a client that waits is told that the launcher is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);
/// After how long without reading a byte a client misses what is said meanwhile.
const UNREAD: Duration = Duration::from_secs(5);

/// Takes clients on a socket that does not block, and passes their requests on, until it is dropped.
pub fn serve(
    listener: net::UnixListener,
    requests: mpsc::Sender<ClientRequest>,
) -> io::Result<JoinSet<()>> {
    let listener = UnixListener::from_std(listener)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        clients.spawn(answer(stream, requests.clone()));
                    }
                }
                Some(_) = clients.join_next() => {}
            }
        }
    });
    Ok(tasks)
}

async fn answer(stream: UnixStream, requests: mpsc::Sender<ClientRequest>) {
    // Root, too: it asks installed launchers, which have accounts of their own.
    let is_ours = |user: u32| user == getuid().as_raw() || user == 0;
    let is_ours = stream.peer_cred().is_ok_and(|peer| is_ours(peer.uid()));
    if !is_ours {
        return;
    }
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read.take(REQUEST_MAX));
    let mut asked = String::new();
    let Ok(Ok(_)) = timeout(PATIENCE, read.read_line(&mut asked)).await else { return };
    let Ok(request) = serde_json::from_str(&asked) else { return };
    let (asked, mut replies) = ClientRequest::new(request);
    if requests.send(asked).await.is_err() {
        return;
    }
    let mut rest = String::new();
    let mut alive = interval(SIGN_OF_LIFE);
    let mut outbox = Outbox::default();
    let mut is_over = false;
    while !(is_over && outbox.is_empty()) {
        let unread = outbox.since + UNREAD;
        tokio::select! {
            reply = replies.recv(), if !is_over && outbox.takes_more() => match reply {
                Some(reply) => outbox.put(reply),
                None => is_over = true,
            },
            written = outbox.write(&mut write), if !outbox.is_empty() => {
                if written.is_err() {
                    return;
                }
            }
            () = sleep_until(unread), if !outbox.is_empty() && !outbox.unread => {
                outbox.unread = true;
            }
            _ = alive.tick(), if outbox.is_empty() => outbox.line = line(&Said::Alive),
            // The client says nothing more; when this ends, it is gone.
            _ = read.read_line(&mut rest) => return,
        }
    }
}

/// What a client has not read yet: one line, and once it has not read for long, only the last reply behind it.
struct Outbox {
    line: Vec<u8>,
    written: usize,
    /// When the client last read something.
    since: Instant,
    /// Whether it has not read for so long that it misses what is said.
    unread: bool,
    missed: u64,
    last: Option<Reply>,
}

impl Default for Outbox {
    fn default() -> Self {
        let since = Instant::now();
        Self { line: Vec::new(), written: 0, since, unread: false, missed: 0, last: None }
    }
}

impl Outbox {
    fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    fn takes_more(&self) -> bool {
        self.is_empty() || self.unread
    }

    fn put(&mut self, reply: Reply) {
        if self.is_empty() {
            self.say(reply);
        } else if matches!(
            reply,
            Reply::Progress(_) | Reply::Waiting { .. } | Reply::Stdout(_) | Reply::Stderr(_)
        ) {
            self.missed += 1;
        } else {
            self.last = Some(reply);
        }
    }

    fn say(&mut self, reply: Reply) {
        (self.line, self.written, self.since) = (line(&Said::Reply(reply)), 0, Instant::now());
    }

    /// Writes what the client takes. May be cancelled and asked again.
    async fn write(&mut self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let count = to.write(&self.line[self.written..]).await?;
        (self.written, self.since, self.unread) = (self.written + count, Instant::now(), false);
        if self.written == self.line.len() {
            self.line.clear();
            self.written = 0;
            let missed = std::mem::take(&mut self.missed);
            if missed > 0 {
                let missed = format!("{missed} lines were not read in time; the log has them");
                self.say(Reply::Progress(missed));
            } else if let Some(last) = self.last.take() {
                self.say(last);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use camino::{Utf8Path, Utf8PathBuf};

    use super::*;
    use crate::launch::local::{client::ask_once, messages::Request};

    fn bound(folder: &tempfile::TempDir) -> (Utf8PathBuf, net::UnixListener) {
        let socket = Utf8Path::from_path(folder.path()).unwrap().join("control.sock");
        let listener = net::UnixListener::bind(&socket).unwrap();
        listener.set_nonblocking(true).unwrap();
        (socket, listener)
    }

    #[tokio::test]
    async fn a_launcher_that_does_not_answer_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (socket, listener) = bound(&folder);
        let (sender, mut requests) = mpsc::channel(1);
        let _server = serve(listener, sender).unwrap();
        let patience = Duration::from_millis(50);
        let ask = async { ask_once(&socket, &Request::Status, patience).await.unwrap() };
        let (answer, order) = tokio::join!(ask, requests.recv());
        assert_eq!(answer, None);
        assert_eq!(order.unwrap().request, Request::Status);
    }

    #[tokio::test]
    async fn the_reply_to_a_request_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (socket, listener) = bound(&folder);
        let (sender, mut requests) = mpsc::channel(1);
        let _server = serve(listener, sender).unwrap();
        let ask =
            async { ask_once(&socket, &Request::Stop, Duration::from_mins(1)).await.unwrap() };
        let reply =
            async { requests.recv().await.unwrap().replies.send(Reply::Stopped).await.unwrap() };
        let (answer, ()) = tokio::join!(ask, reply);
        assert_eq!(answer, Some(Reply::Stopped));
    }
}
