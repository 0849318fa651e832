//! A party's services together: started in the order in which they need each other, stopped in the reverse one.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use super::{
    GoneReason, GuardProgram, LogFile, ServicePhase, ServiceSpec,
    event::{ServiceEvent, ServiceFailure, ServiceStatus},
    order::{SpecError, check},
    service::{Service, ServiceCommand, ServiceInput},
};

/// Commands that may wait for a service: its start, its stop, and some new starts between them.
const COMMANDS: usize = 4;
/// Events that may wait for their reader.
const EVENTS: usize = 1024;
/// Of these, so many are kept free for changes of phase: a reader who is slow loses lines, which are in the log.
const KEPT_FOR_PHASES: usize = 256;

/// A group of services that runs. Dropping it ends them all within their grace periods, without waiting for it.
#[derive(Debug)]
pub struct Supervisor {
    stop: Option<oneshot::Sender<()>>,
    status: watch::Receiver<BTreeMap<String, ServiceStatus>>,
    group: JoinSet<Option<ServiceFailure>>,
    failure: Option<ServiceFailure>,
    /// Of the services that join something elsewhere.
    joining: Vec<mpsc::Sender<ServiceCommand>>,
}

impl Supervisor {
    /// Starts services. The receiver ends when the last one is gone.
    pub fn start(
        guard: &GuardProgram,
        specs: Vec<ServiceSpec>,
    ) -> Result<(Self, mpsc::Receiver<ServiceEvent>), SpecError> {
        check(&specs)?;
        let (events, event_receiver) = mpsc::channel(EVENTS);
        let (reports, report_receiver) = mpsc::channel(EVENTS);
        let mut tasks = JoinSet::new();
        let (mut members, mut joining) = (BTreeMap::new(), Vec::new());
        for spec in specs {
            let log = LogFile::open(&spec.log)?;
            let (commands, command_receiver) = mpsc::channel(COMMANDS);
            joining.extend(spec.joins.is_some().then(|| commands.clone()));
            let member = Member {
                after: spec.after.clone(),
                commands,
                phase: ServicePhase::Waiting,
                given: None,
            };
            members.insert(spec.name.clone(), member);
            let post = Reporter {
                name: spec.name.clone(),
                log_path: spec.log.clone(),
                events: events.clone(),
                reports: reports.clone(),
            };
            let service = Service::new(spec, guard.clone(), command_receiver);
            tasks.spawn(supervise(service, log, post));
        }
        let (stop, stop_receiver) = oneshot::channel();
        let waiting = ServiceStatus { phase: ServicePhase::Waiting, pid: None, starts: 0 };
        let all = members.keys().map(|name| (name.clone(), waiting.clone())).collect();
        let (status_sender, status) = watch::channel(all);
        let group = Group {
            members,
            tasks,
            reports: report_receiver,
            status: status_sender,
            events,
            failure: None,
            stopping: false,
        };
        let mut owned = JoinSet::new();
        owned.spawn(group.run(stop_receiver));
        let handle = Self { stop: Some(stop), status, group: owned, failure: None, joining };
        Ok((handle, event_receiver))
    }

    /// Where each service stands.
    #[must_use]
    pub fn status(&self) -> BTreeMap<String, ServiceStatus> {
        self.status.borrow().clone()
    }

    /// What services have joined is gone: each is ended at once, and started again when that is back.
    pub fn join_again(&self) {
        for service in &self.joining {
            let _ = service.try_send(ServiceCommand::Restart); // one that has been told so knows it, or has ended
        }
    }

    /// Stops all services, the last one first, and returns when every process is gone. Tells which one had failed
    /// before. May be cancelled and asked again.
    pub async fn stop(&mut self) -> Option<ServiceFailure> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(()); // the group may have ended
        }
        while let Some(group) = self.group.join_next().await {
            self.failure = group.unwrap_or_else(|why| std::panic::resume_unwind(why.into_panic()));
        }
        self.failure.clone()
    }
}

struct Member {
    after: Vec<String>,
    commands: mpsc::Sender<ServiceCommand>,
    phase: ServicePhase,
    given: Option<ServiceCommand>,
}

struct StatusReport {
    name: String,
    status: ServiceStatus,
}

struct Group {
    members: BTreeMap<String, Member>,
    tasks: JoinSet<Option<ServiceFailure>>,
    reports: mpsc::Receiver<StatusReport>,
    status: watch::Sender<BTreeMap<String, ServiceStatus>>,
    events: mpsc::Sender<ServiceEvent>,
    failure: Option<ServiceFailure>,
    stopping: bool,
}

impl Group {
    async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Option<ServiceFailure> {
        loop {
            for (name, command) in due_commands(&self.members, self.stopping) {
                let member = self.members.get_mut(&name).expect("commands go to members");
                member.given = Some(command);
                let _ = member.commands.send(command).await; // a member that reads none has ended
            }
            tokio::select! {
                biased; // a report is sent before its service's task ends, and read before it, too
                _ = &mut stop, if !self.stopping => self.stopping = true,
                Some(report) = self.reports.recv() => self.take_in(report),
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(failure)) => self.end_of_one(failure),
                    Some(Err(why)) => std::panic::resume_unwind(why.into_panic()),
                    None => return self.failure,
                },
            }
        }
    }

    fn take_in(&mut self, report: StatusReport) {
        if let Some(member) = self.members.get_mut(&report.name) {
            member.phase = report.status.phase;
        }
        self.status.send_modify(|all| {
            all.insert(report.name, report.status);
        });
    }

    fn end_of_one(&mut self, failure: Option<ServiceFailure>) {
        if let Some(failure) = failure {
            let _ = self.events.try_send(ServiceEvent::Failed(failure.clone()));
            self.stopping = true;
            self.failure.get_or_insert(failure);
        }
    }
}

/// The commands that are due: a service is started once all that it needs is ready, and stopped once no other needs it.
fn due_commands(
    members: &BTreeMap<String, Member>,
    stopping: bool,
) -> Vec<(String, ServiceCommand)> {
    let is = |name: &String, wanted: fn(&ServicePhase) -> bool| {
        members.get(name).is_some_and(|member| wanted(&member.phase))
    };
    let due = members.iter().filter_map(|(name, member)| {
        if !stopping {
            let can =
                member.after.iter().all(|other| is(other, |p| matches!(p, ServicePhase::Ready(_))));
            return (member.given.is_none() && can).then(|| (name.clone(), ServiceCommand::Start));
        }
        let needed = members.values().any(|other| {
            other.after.contains(name) && !matches!(other.phase, ServicePhase::Gone(_))
        });
        (member.given != Some(ServiceCommand::Stop) && !needed)
            .then(|| (name.clone(), ServiceCommand::Stop))
    });
    due.collect()
}

/// Where a service's task sends what it has to tell.
struct Reporter {
    name: String,
    log_path: Utf8PathBuf,
    events: mpsc::Sender<ServiceEvent>,
    reports: mpsc::Sender<StatusReport>,
}

/// Runs one service until it is gone.
async fn supervise(
    mut service: Service,
    mut log: LogFile,
    post: Reporter,
) -> Option<ServiceFailure> {
    loop {
        match service.next(true).await {
            ServiceInput::Line(line) => {
                let text = line.text();
                if let Some(trouble) = log.line(&text) {
                    let service = post.name.clone();
                    let _ = post.events.try_send(ServiceEvent::Log { service, trouble });
                }
                if post.events.capacity() > KEPT_FOR_PHASES {
                    let service = post.name.clone();
                    let event = ServiceEvent::Line { service, stream: line.stream, text };
                    let _ = post.events.try_send(event);
                }
            }
            ServiceInput::Event(event) => {
                if service.react(event).await {
                    post.phase(&service).await;
                }
            }
        }
        if let ServicePhase::Gone(outcome) = service.phase() {
            let ending = service.ending().filter(|_| outcome == GoneReason::Ended)?.clone();
            return Some(ServiceFailure {
                service: post.name,
                ending,
                starts: service.starts(),
                last_lines: log.last_lines(),
                log: post.log_path,
            });
        }
    }
}

impl Reporter {
    async fn phase(&self, service: &Service) {
        let (phase, pid, starts) = (service.phase(), service.id(), service.starts());
        let status = ServiceStatus { phase, pid, starts };
        let _ = self.reports.send(StatusReport { name: self.name.clone(), status }).await;
        let ending = service.ending().cloned();
        let event = ServiceEvent::Phase { service: self.name.clone(), phase, ending };
        let _ = self.events.try_send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &[(&str, &str, ServicePhase)]) -> BTreeMap<String, Member> {
        let member = |(name, after, phase): &(&str, &str, ServicePhase)| {
            let given = (*phase != ServicePhase::Waiting).then_some(ServiceCommand::Start);
            let after = after.split_whitespace().map(String::from).collect();
            (
                (*name).to_owned(),
                Member { after, commands: mpsc::channel(2).0, phase: *phase, given },
            )
        };
        list.iter().map(member).collect()
    }

    fn names(commands: &[(String, ServiceCommand)]) -> Vec<&str> {
        commands.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_service_starts_when_all_that_it_needs_is_ready() {
        let all = |redis| {
            members(&[
                ("ray", "", ServicePhase::Ready(1)),
                ("redis", "", redis),
                ("worker", "ray redis", ServicePhase::Waiting),
            ])
        };
        assert!(due_commands(&all(ServicePhase::Starting(1)), false).is_empty());
        assert_eq!(names(&due_commands(&all(ServicePhase::Ready(2)), false)), ["worker"]);
    }

    #[test]
    fn a_service_stops_when_nobody_needs_it_any_more() {
        let all =
            |worker| members(&[("ray", "", ServicePhase::Ready(1)), ("worker", "ray", worker)]);
        assert_eq!(names(&due_commands(&all(ServicePhase::Ready(1)), true)), ["worker"]);
        let gone = all(ServicePhase::Gone(GoneReason::Stopped));
        assert!(names(&due_commands(&gone, true)).contains(&"ray"));
    }
}
