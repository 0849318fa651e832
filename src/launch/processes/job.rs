//! One process that does its work and ends.

use std::time::SystemTime;

use camino::Utf8PathBuf;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    Ending, GoneReason, GuardProgram, Line, LogFile, ServicePhase, ServiceSpec, Stream,
    retention::OF_RUNS,
    service::{Service, ServiceCommand, ServiceInput},
};
use crate::fs::FsError;

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// How its process ended.
    pub ending: Ending,
    /// Whether it was cancelled before it ended.
    pub cancelled: bool,
    /// Its last lines, oldest first.
    pub last_lines: Vec<String>,
    /// Where all lines are.
    pub log: Utf8PathBuf,
}

/// A job that runs. Dropping it ends the job within its grace period, and its end is not reported.
#[derive(Debug)]
pub struct JobHandle {
    commands: mpsc::Sender<ServiceCommand>,
    task: JoinSet<JobEnd>,
}

impl JobHandle {
    /// Asks the job to end; after its grace period it is killed. Saying it twice changes nothing.
    pub fn cancel(&self) {
        let _ = self.commands.try_send(ServiceCommand::Stop); // full or closed: it knows already, or has ended
    }

    /// Waits until every process of the job is gone. May be cancelled and asked again, until it has answered.
    pub async fn ended(&mut self) -> JobEnd {
        let end = self.task.join_next().await.expect("asked until it answers, not after");
        end.unwrap_or_else(|why| std::panic::resume_unwind(why.into_panic()))
    }
}

/// Starts a job once, whatever `spec.restart` says. Of the logs beside its own, those of old runs are removed.
///
/// A job whose lines nobody takes waits, so `lines` must be read or dropped.
pub fn run_job(
    guard: &GuardProgram,
    spec: ServiceSpec,
    lines: mpsc::Sender<Line>,
) -> Result<JobHandle, FsError> {
    if let Some(folder) = spec.log.parent() {
        OF_RUNS.apply(folder, SystemTime::now());
    }
    let log = LogFile::open(&spec.log)?;
    let (commands, receiver) = mpsc::channel(2);
    commands.try_send(ServiceCommand::Start).expect("a new channel has room");
    let path = spec.log.clone();
    let spec = ServiceSpec { restart: super::RestartPolicy::once(), ..spec };
    let service = Service::new(spec, guard.clone(), receiver);
    let mut task = JoinSet::new();
    task.spawn(run(service, log, path, lines));
    Ok(JobHandle { commands, task })
}

async fn run(
    mut service: Service,
    mut log: LogFile,
    path: Utf8PathBuf,
    lines: mpsc::Sender<Line>,
) -> JobEnd {
    let mut outbox = None;
    loop {
        let input = tokio::select! {
            input = service.next(outbox.is_none()) => input,
            room = lines.reserve(), if outbox.is_some() => {
                if let (Ok(room), Some(line)) = (room, outbox.take()) {
                    room.send(line);
                }
                continue;
            }
        };
        match input {
            ServiceInput::Line(line) => {
                if let Some(trouble) = log.line(&line.text()) {
                    let bytes = format!("sfgen: {trouble}\n").into_bytes();
                    let trouble = Line { stream: Stream::Stderr, bytes };
                    let _ = lines.try_send(trouble); // a reader that is slow misses it, like every remark
                }
                outbox = Some(line);
            }
            ServiceInput::Event(event) => {
                service.react(event).await;
            }
        }
        if let ServicePhase::Gone(outcome) = service.phase() {
            if let Some(line) = outbox {
                let _ = lines.try_send(line); // the receiver may be gone
            }
            let never = || Ending::NotStarted("cancelled before it was started".to_owned());
            return JobEnd {
                ending: service.ending().cloned().unwrap_or_else(never),
                cancelled: outcome == GoneReason::Stopped,
                last_lines: log.last_lines(),
                log: path,
            };
        }
    }
}
