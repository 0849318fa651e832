//! The side of the socket on which commands ask.

use std::{io, time::Duration};

use camino::Utf8Path;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{UnixStream, unix::OwnedReadHalf},
    sync::mpsc,
    time::timeout,
};

use super::messages::{Problem, REPLIES, Reply, Request, Said, line};
use crate::fs::FsError;

/// After how long without any word a launcher counts as stuck: five signs of life.
const SILENCE: Duration = Duration::from_secs(5);
/// The time may have passed because this process was stopped itself. What came meanwhile is there at once.
const SECOND_LOOK: Duration = Duration::from_millis(200);

/// Asks the launcher behind `path`; replies arrive until the last one. Dropping the receiver takes the request back.
///
/// A launcher that works on a request says so every second. Where it does not, the last reply is [`Reply::Silent`].
pub async fn ask(path: &Utf8Path, request: &Request) -> Result<mpsc::Receiver<Reply>, FsError> {
    let fail = |why| FsError::new("reach the launcher at", path, why);
    let stream = UnixStream::connect(path).await.map_err(fail)?;
    let launcher = stream.peer_cred().ok().and_then(|launcher| launcher.pid());
    let (read, mut write) = stream.into_split();
    write.write_all(&line(request)).await.map_err(fail)?;
    let (sender, receiver) = mpsc::channel(REPLIES);
    tokio::spawn(async move {
        let _open = write; // the launcher takes its closing as a cancellation
        let mut lines = BufReader::new(read).lines();
        loop {
            let line = tokio::select! {
                line = in_time(&mut lines) => line,
                () = sender.closed() => return,
            };
            let reply = match line {
                Some(Ok(Some(line))) => match serde_json::from_str(&line) {
                    Ok(Said::Reply(reply)) => reply,
                    Ok(Said::Alive) => continue,
                    Err(_) => return,
                },
                Some(Ok(None) | Err(_)) => return,
                None => Reply::Silent(silent(launcher)),
            };
            let is_last = matches!(reply, Reply::Silent(_));
            if sender.send(reply).await.is_err() || is_last {
                return;
            }
        }
    });
    Ok(receiver)
}

/// The next line; `None` where none comes within [`SILENCE`].
async fn in_time(
    lines: &mut Lines<BufReader<OwnedReadHalf>>,
) -> Option<io::Result<Option<String>>> {
    for patience in [SILENCE, SECOND_LOOK] {
        if let Ok(line) = timeout(patience, lines.next_line()).await {
            return Some(line);
        }
    }
    None
}

/// What is told of a launcher that says nothing.
fn silent(launcher: Option<i32>) -> Problem {
    let process = launcher.map(|pid| format!(" (process {pid})")).unwrap_or_default();
    let pid = launcher.map_or_else(|| "PID".to_owned(), |pid| pid.to_string());
    Problem {
        code: None,
        message: format!("the launcher{process} has said nothing for {} s", SILENCE.as_secs()),
        help: Some(format!(
            "it is stopped or stuck: `kill -CONT {pid}` lets a stopped one go on, `kill -KILL {pid}` ends it and all that it started"
        )),
    }
}

/// The first reply to a request; `None` where the launcher goes away without one, or has none within `patience`.
pub async fn ask_once(
    path: &Utf8Path,
    request: &Request,
    patience: Duration,
) -> Result<Option<Reply>, FsError> {
    let mut replies = ask(path, request).await?;
    Ok(timeout(patience, replies.recv()).await.unwrap_or_default())
}
