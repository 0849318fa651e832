//! What `sfgen run`, `status` and `stop` ask of a launcher, and what it answers. Each message is a line of JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    diag::{Code, Finding},
    types::{Digest, JobName, Span},
};

use super::status::LauncherStatus;

/// Replies that may wait for a client that reads slowly.
pub(super) const REPLIES: usize = 256;

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
        /// The side that the client has read, by [`Side::held`](crate::launch::machine::side::Side::held).
        held: Digest,
    },
}

/// What a launcher answers. No reply follows `Status`, `Stopped`, `Ended`, `Refused` or
/// `Silent`.
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
    /// A line of the job's standard output, or a piece of one that is very long.
    Stdout(Printed),
    /// A line of the job's standard error.
    Stderr(String),
    /// The job is over.
    Ended(RunEnd),
    /// The request cannot be met.
    Refused(Problem),
    /// The launcher is there and says nothing more. This is found by who asks, and never sent.
    Silent(Problem),
}

/// What a job printed, byte for byte. It travels as a text where it is UTF-8, as nearly all of it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Printed {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl From<Vec<u8>> for Printed {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|why| Self::Bytes(why.into_bytes()), Self::Text)
    }
}

impl Printed {
    /// The bytes that were printed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A line to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Said {
    /// The launcher is there, and works on it.
    Alive,
    /// What it answers.
    Reply(Reply),
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
    /// Since when the client waits.
    pub since: Instant,
}

impl ClientRequest {
    /// A request from within the same process, and where its replies arrive.
    #[must_use]
    pub fn new(request: Request) -> (Self, mpsc::Receiver<Reply>) {
        let (replies, receiver) = mpsc::channel(REPLIES);
        (Self { request, replies, since: Instant::now() }, receiver)
    }
}

/// A message as it travels.
pub(super) fn line(message: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).expect("messages have string keys");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_printed_arrives_byte_for_byte() {
        for bytes in [&b"sum 42\n"[..], b"", b"\xff\xfe\0", "caf\u{e9}".as_bytes()] {
            let sent = line(&Reply::Stdout(bytes.to_vec().into()));
            let Reply::Stdout(read) = serde_json::from_slice(&sent).unwrap() else { panic!() };
            assert_eq!(read.as_bytes(), bytes);
        }
    }
}
