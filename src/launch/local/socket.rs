//! The socket on which a launcher takes requests of `sfgen run`, `status` and `stop`.
//!
//! One request per connection, then replies until the last one, each a line of JSON. Only processes of the same user
//! are heard.

use std::time::Duration;

use camino::Utf8Path;
use nix::unistd::getuid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    task::JoinSet,
};

use crate::{
    diag::{Code, Finding},
    fs::{self, FsError},
    types::{JobName, Span},
};

use super::status::LauncherStatus;

/// The longest line that is read: a status with thousands of peers, or a line that a job printed.
const LINE_MAX: u64 = 1 << 20;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// Replies that may wait for a client that reads slowly; the launcher waits then.
const REPLIES: usize = 256;

/// What is asked of a launcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// The state of the launcher and all that it looks after.
    Status,
    /// End everything.
    Stop,
    /// Run a job. Closing the connection cancels it.
    Run {
        /// The job.
        job: JobName,
        /// How long to wait for the other parties.
        wait: Span,
    },
}

/// What a launcher answers. No reply follows `Status`, `Stopped`, `Ended` or `Refused`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The state of the launcher and all that it looks after.
    Status(Box<LauncherStatus>),
    /// Everything has ended.
    Stopped,
    /// What is going on.
    Progress(String),
    /// What the request waits for.
    Waiting {
        /// For whom, and why each is not there or not ready.
        whom: String,
        /// For how many seconds it still waits.
        left: u64,
    },
    /// A line of the job's standard output.
    Stdout(String),
    /// A line of the job's standard error.
    Stderr(String),
    /// The job is over.
    Ended(RunEnd),
    /// The request cannot be met.
    Refused(Problem),
}

/// How a run ended, at all parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Well, at all parties.
    Done,
    /// Not well.
    Failed(Problem),
}

/// Something that went wrong, as it travels to the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The code of its page.
    pub code: Option<String>,
    /// What went wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl From<Finding> for Problem {
    fn from(finding: Finding) -> Self {
        Self { code: Some(finding.code.to_string()), message: finding.message, help: finding.help }
    }
}

impl Problem {
    /// A problem with its page and what to do.
    pub fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: Some(code.to_string()), message: message.into(), help: Some(help.into()) }
    }

    /// An error of a phase as a problem.
    pub fn of(error: &dyn miette::Diagnostic) -> Self {
        Self {
            code: error.code().map(|code| code.to_string()),
            message: error.to_string(),
            help: error.help().map(|help| help.to_string()),
        }
    }
}

/// A request, and where its replies go.
#[derive(Debug)]
pub struct ClientRequest {
    /// What is asked.
    pub request: Request,
    /// Where replies go; closed when the client is gone.
    pub replies: mpsc::Sender<Reply>,
}

impl ClientRequest {
    /// A request from within the same process, and where its replies arrive.
    #[must_use]
    pub fn new(request: Request) -> (Self, mpsc::Receiver<Reply>) {
        let (replies, receiver) = mpsc::channel(REPLIES);
        (Self { request, replies }, receiver)
    }
}

/// Listens at `path` and passes requests on, until it is dropped. A socket that a killed launcher left is replaced.
pub fn serve(
    path: &Utf8Path,
    requests: mpsc::Sender<ClientRequest>,
) -> Result<JoinSet<()>, FsError> {
    fs::remove_file(path)?;
    let listener = UnixListener::bind(path).map_err(|why| FsError::new("listen on", path, why))?;
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
    let is_ours = stream.peer_cred().is_ok_and(|peer| peer.uid() == getuid().as_raw());
    if !is_ours {
        return;
    }
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read.take(LINE_MAX));
    let mut line = String::new();
    let Ok(Ok(_)) = tokio::time::timeout(PATIENCE, read.read_line(&mut line)).await else { return };
    let Ok(request) = serde_json::from_str(&line) else { return };
    let (asked, mut replies) = ClientRequest::new(request);
    if requests.send(asked).await.is_err() {
        return;
    }
    let mut rest = String::new();
    loop {
        let reply = tokio::select! {
            reply = replies.recv() => reply,
            // The client says nothing more; when this ends, it is gone.
            _ = read.read_line(&mut rest) => None,
        };
        let Some(reply) = reply else { return };
        if write_line(&mut write, &reply).await.is_err() {
            return;
        }
    }
}

/// Asks the launcher behind `path`; replies arrive until the last one. Dropping the receiver takes the request back.
pub async fn ask(path: &Utf8Path, request: &Request) -> Result<mpsc::Receiver<Reply>, FsError> {
    let fail = |why| FsError::new("reach the launcher at", path, why);
    let stream = UnixStream::connect(path).await.map_err(fail)?;
    let (read, mut write) = stream.into_split();
    write_line(&mut write, request).await.map_err(fail)?;
    let (sender, receiver) = mpsc::channel(REPLIES);
    tokio::spawn(async move {
        let _open = write; // the launcher takes its closing as a cancellation
        let mut lines = BufReader::new(read).lines();
        loop {
            let line = tokio::select! {
                line = lines.next_line() => line,
                () = sender.closed() => return,
            };
            let Ok(Some(line)) = line else { return };
            let Ok(reply) = serde_json::from_str(&line) else { return };
            if sender.send(reply).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// The first reply to a request; `None` where the launcher goes away without one, or has none within `patience`.
pub async fn ask_once(
    path: &Utf8Path,
    request: &Request,
    patience: Duration,
) -> Result<Option<Reply>, FsError> {
    let mut replies = ask(path, request).await?;
    Ok(tokio::time::timeout(patience, replies.recv()).await.unwrap_or_default())
}

async fn write_line(
    write: &mut (impl tokio::io::AsyncWrite + Unpin),
    value: &impl Serialize,
) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value).expect("messages have string keys");
    line.push(b'\n');
    write.write_all(&line).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_launcher_that_does_not_answer_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let socket = Utf8Path::from_path(folder.path()).unwrap().join("control.sock");
        let (sender, mut requests) = mpsc::channel(1);
        let _server = serve(&socket, sender).unwrap();
        let patience = Duration::from_millis(50);
        let ask = async { ask_once(&socket, &Request::Status, patience).await.unwrap() };
        let (answer, order) = tokio::join!(ask, requests.recv());
        assert_eq!(answer, None);
        assert_eq!(order.unwrap().request, Request::Status);
    }

    #[tokio::test]
    async fn the_reply_to_a_request_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let socket = Utf8Path::from_path(folder.path()).unwrap().join("control.sock");
        let (sender, mut requests) = mpsc::channel(1);
        let _server = serve(&socket, sender).unwrap();
        let ask =
            async { ask_once(&socket, &Request::Stop, Duration::from_mins(1)).await.unwrap() };
        let reply =
            async { requests.recv().await.unwrap().replies.send(Reply::Stopped).await.unwrap() };
        let (answer, ()) = tokio::join!(ask, reply);
        assert_eq!(answer, Some(Reply::Stopped));
    }
}
