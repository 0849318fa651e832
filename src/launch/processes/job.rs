//! One process that does its work and ends.

use camino::Utf8PathBuf;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    Ending, GuardProgram, Line, LogFile, Outcome, Phase, ServiceSpec,
    service::{Happening, Order, Service},
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

/// A job that runs. Dropping it ends the job within its grace period, without a word of how.
#[derive(Debug)]
pub struct JobHandle {
    orders: mpsc::Sender<Order>,
    task: JoinSet<JobEnd>,
}

impl JobHandle {
    /// Asks the job to end; after its grace period it is killed. Saying it twice changes nothing.
    pub fn cancel(&self) {
        let _ = self.orders.try_send(Order::Stop); // full or closed: it knows already, or has ended
    }

    /// Waits until every process of the job is gone. May be cancelled and asked again, until it has answered.
    pub async fn ended(&mut self) -> JobEnd {
        let end = self.task.join_next().await.expect("asked until it answers, not after");
        end.unwrap_or_else(|why| std::panic::resume_unwind(why.into_panic()))
    }
}

/// Starts a job once, whatever `spec.restart` says. A job whose lines nobody takes waits, so `lines` must be read or
/// dropped.
pub fn run_job(
    guard: &GuardProgram,
    spec: ServiceSpec,
    lines: mpsc::Sender<Line>,
) -> Result<JobHandle, FsError> {
    let log = LogFile::open(&spec.log)?;
    let (orders, receiver) = mpsc::channel(2);
    orders.try_send(Order::Start).expect("a new channel has room");
    let path = spec.log.clone();
    let spec = ServiceSpec { restart: super::RestartPolicy::once(), ..spec };
    let service = Service::new(spec, guard.clone(), receiver);
    let mut task = JoinSet::new();
    task.spawn(run(service, log, path, lines));
    Ok(JobHandle { orders, task })
}

async fn run(
    mut service: Service,
    mut log: LogFile,
    path: Utf8PathBuf,
    lines: mpsc::Sender<Line>,
) -> JobEnd {
    let mut outbox = None;
    loop {
        let happening = tokio::select! {
            happening = service.next(outbox.is_none()) => happening,
            room = lines.reserve(), if outbox.is_some() => {
                if let (Ok(room), Some(line)) = (room, outbox.take()) {
                    room.send(line);
                }
                continue;
            }
        };
        match happening {
            Happening::Line(line) => {
                log.line(&line.text);
                outbox = Some(line);
            }
            Happening::Event(event) => {
                service.react(event).await;
            }
        }
        if let Phase::Gone(outcome) = service.phase() {
            if let Some(line) = outbox {
                let _ = lines.try_send(line); // nobody may be listening any more
            }
            let never = || Ending::NotStarted("cancelled before it was started".to_owned());
            return JobEnd {
                ending: service.ending().cloned().unwrap_or_else(never),
                cancelled: outcome == Outcome::Stopped,
                last_lines: log.last_lines(),
                log: path,
            };
        }
    }
}
