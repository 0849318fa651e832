//! Several programs at once, one per party, for machines on which all parties are.

use std::{io, process::Stdio, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{process::Stream, signals::interrupted};
use crate::types::PartyName;

/// A line that one party's program wrote.
#[derive(Debug)]
pub struct PartyLine {
    /// Whose program.
    pub party: PartyName,
    /// Where it was written.
    pub stream: Stream,
    /// What was written, without the end of the line; U+FFFD stands for what is no UTF-8.
    pub text: String,
}

/// How one party's program ended.
#[derive(Clone, Debug)]
pub struct PartyOutcome {
    /// Whose program.
    pub party: PartyName,
    /// The lines of its standard output as they were written, each with its end.
    pub results: Vec<Vec<u8>>,
    /// Its exit status; `None` where a signal ended it.
    pub status: Option<i32>,
    /// Whether it was asked to end, because another party's program had ended.
    pub was_asked: bool,
}

/// What happens around the programs, for whoever shows it and decides about it.
pub trait Onlooker {
    /// A program wrote a line.
    fn said(&mut self, line: PartyLine);
    /// A program has ended while others run. These are asked to end after the time that is returned, unless they end
    /// by themselves before; `None` lets them run on.
    fn ended(&mut self, outcome: &PartyOutcome) -> Option<Duration>;
}

/// Runs one program per party until all have ended. Outcomes are sorted by party.
///
/// SIGINT and SIGTERM of this process become a SIGTERM for each program. An error tells which party's program could
/// not be started, and why; those that had started are then left to their own end, which is that of this process where
/// they are tied to it.
pub async fn run_side_by_side(
    programs: Vec<(PartyName, Command)>,
    onlooker: &mut dyn Onlooker,
) -> Result<Vec<PartyOutcome>, (PartyName, io::Error)> {
    let (sender, mut lines) = mpsc::channel(64);
    let (asking, asked) = watch::channel(false);
    let mut followers = JoinSet::new();
    for (party, mut program) in programs {
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = program.spawn().map_err(|why| (party.clone(), why))?;
        followers.spawn(follow(party, child, asked.clone(), sender.clone()));
    }
    drop(sender);
    let mut outcomes = Vec::new();
    let mut deadline: Option<Instant> = None;
    while !followers.is_empty() {
        let timer = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Lines first, so that what a program said last is shown before what follows from its end.
            biased;
            Some(line) = lines.recv() => onlooker.said(line),
            Some(outcome) = followers.join_next() => {
                let outcome = outcome.expect("a follower neither panics nor is aborted");
                if !followers.is_empty()
                    && let Some(grace) = onlooker.ended(&outcome)
                {
                    let at = Instant::now() + grace;
                    deadline = Some(deadline.map_or(at, |deadline| deadline.min(at)));
                }
                outcomes.push(outcome);
            }
            () = timer => {
                asking.send_replace(true);
                deadline = None;
            }
        }
    }
    while let Some(line) = lines.recv().await {
        onlooker.said(line);
    }
    outcomes.sort_by(|a, b| a.party.cmp(&b.party));
    Ok(outcomes)
}

/// Passes on what a party's program says until it has ended.
async fn follow(
    party: PartyName,
    mut child: Child,
    mut asked: watch::Receiver<bool>,
    said: mpsc::Sender<PartyLine>,
) -> PartyOutcome {
    let stdout = child.stdout.take().expect("it is piped");
    let stderr = child.stderr.take().expect("it is piped");
    let mut readers = JoinSet::new();
    readers.spawn(read_lines(stdout, party.clone(), Stream::Stdout, said.clone()));
    readers.spawn(read_lines(stderr, party.clone(), Stream::Stderr, said));
    let mut was_asked = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            () = interrupted() => {}
            Ok(()) = asked.changed() => was_asked = true,
        }
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM); // it may have ended meanwhile
        }
    };
    let results = readers.join_all().await.concat();
    let status = status.ok().and_then(|status| status.code());
    PartyOutcome { party, results, status, was_asked }
}

/// Passes lines on; returns those of standard output.
async fn read_lines(
    from: impl AsyncRead + Unpin,
    party: PartyName,
    stream: Stream,
    said: mpsc::Sender<PartyLine>,
) -> Vec<Vec<u8>> {
    let mut from = BufReader::new(from);
    let mut results = Vec::new();
    loop {
        let mut line = Vec::new();
        if !matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
            return results;
        }
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if stream == Stream::Stdout {
            results.push(line);
        }
        // Where nobody takes the lines any more, the pipe is still read to its end, so that the program is not held up.
        let _ = said.send(PartyLine { party: party.clone(), stream, text }).await;
    }
}
