//! A party's services together: started in the order in which they need each other, stopped in the reverse one.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use thiserror::Error;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use super::{
    Ending, GuardProgram, LogFile, Outcome, Phase, ServiceSpec, Stream,
    service::{Happening, Order, Service},
};
use crate::fs::FsError;

/// Events that may wait for their reader.
const EVENTS: usize = 1024;
/// Of these, so many are kept free for changes of phase: a reader who is slow loses lines, which are in the log.
const KEPT_FOR_PHASES: usize = 256;

/// Why a group of services cannot be started.
#[derive(Debug, Error)]
pub enum SpecError {
    /// Two services with one name.
    #[error("two services are called `{0}`")]
    Twice(String),
    /// An `after` that names nobody.
    #[error("`{service}` starts after `{missing}`, which does not run here")]
    Unknown {
        /// Who waits.
        service: String,
        /// For whom.
        missing: String,
    },
    /// Services that wait for each other.
    #[error("these services wait for each other: {}", .0.join(", "))]
    Cycle(Vec<String>),
    /// A log that cannot be written.
    #[error(transparent)]
    Log(#[from] FsError),
}

/// What a group reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceEvent {
    /// A service moved on.
    Phase {
        /// Which.
        service: String,
        /// Where it stands now.
        phase: Phase,
        /// How it ended last, if it has since its last start.
        ending: Option<Ending>,
    },
    /// A service wrote a line. Lines are dropped where nobody takes them; the log has them all.
    Line {
        /// Which.
        service: String,
        /// Where it was written.
        stream: Stream,
        /// What was written.
        text: String,
    },
    /// A service failed for good; the group is being stopped.
    Failed(ServiceFailure),
}

/// A service that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("service `{service}` {ending}{}", times(*starts))]
pub struct ServiceFailure {
    /// Which.
    pub service: String,
    /// How it ended the last time.
    pub ending: Ending,
    /// How often it was started.
    pub starts: u32,
    /// Its last lines, oldest first.
    pub last_lines: Vec<String>,
    /// Where all lines are.
    pub log: Utf8PathBuf,
}

fn times(starts: u32) -> String {
    if starts > 1 { format!(", the last of {starts} starts") } else { String::new() }
}

/// Where a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Its phase.
    pub phase: Phase,
    /// Process number of its guard, while there is one.
    pub pid: Option<u32>,
    /// How often it was started.
    pub starts: u32,
}

/// A group of services that runs. Dropping it ends them all within their grace periods, without waiting for it.
#[derive(Debug)]
pub struct Supervisor {
    stop: Option<oneshot::Sender<()>>,
    status: watch::Receiver<BTreeMap<String, ServiceStatus>>,
    group: JoinSet<Option<ServiceFailure>>,
    failure: Option<ServiceFailure>,
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
        let mut members = BTreeMap::new();
        for spec in specs {
            let log = LogFile::open(&spec.log)?;
            let (orders, order_receiver) = mpsc::channel(2);
            let member =
                Member { after: spec.after.clone(), orders, phase: Phase::Waiting, told: None };
            members.insert(spec.name.clone(), member);
            let post = Post {
                name: spec.name.clone(),
                log_path: spec.log.clone(),
                events: events.clone(),
                reports: reports.clone(),
            };
            let service = Service::new(spec, guard.clone(), order_receiver);
            tasks.spawn(supervise(service, log, post));
        }
        let (stop, stop_receiver) = oneshot::channel();
        let waiting = ServiceStatus { phase: Phase::Waiting, pid: None, starts: 0 };
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
        let handle = Self { stop: Some(stop), status, group: owned, failure: None };
        Ok((handle, event_receiver))
    }

    /// Where each service stands.
    #[must_use]
    pub fn status(&self) -> BTreeMap<String, ServiceStatus> {
        self.status.borrow().clone()
    }

    /// Waits until all services are ready; `false` where one failed or the group was stopped before.
    pub async fn all_ready(&mut self) -> bool {
        let ready = |status: &BTreeMap<String, ServiceStatus>| {
            status.values().all(|service| matches!(service.phase, Phase::Ready(_)))
        };
        self.status.wait_for(ready).await.is_ok()
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

/// Names are unique, and the services can be put in an order.
fn check(specs: &[ServiceSpec]) -> Result<(), SpecError> {
    let mut names = BTreeSet::new();
    if let Some(twice) = specs.iter().find(|spec| !names.insert(&spec.name)) {
        return Err(SpecError::Twice(twice.name.clone()));
    }
    for spec in specs {
        if let Some(missing) = spec.after.iter().find(|name| !names.contains(name)) {
            let (service, missing) = (spec.name.clone(), missing.clone());
            return Err(SpecError::Unknown { service, missing });
        }
    }
    let mut left: Vec<&ServiceSpec> = specs.iter().collect();
    let mut started = BTreeSet::new();
    loop {
        let (can, cannot): (Vec<&ServiceSpec>, Vec<&ServiceSpec>) =
            left.iter().partition(|spec| spec.after.iter().all(|name| started.contains(name)));
        if can.is_empty() {
            break;
        }
        started.extend(can.iter().map(|spec| &spec.name));
        left = cannot;
    }
    if left.is_empty() {
        Ok(())
    } else {
        Err(SpecError::Cycle(left.iter().map(|spec| spec.name.clone()).collect()))
    }
}

struct Member {
    after: Vec<String>,
    orders: mpsc::Sender<Order>,
    phase: Phase,
    told: Option<Order>,
}

struct Report {
    name: String,
    status: ServiceStatus,
}

struct Group {
    members: BTreeMap<String, Member>,
    tasks: JoinSet<Option<ServiceFailure>>,
    reports: mpsc::Receiver<Report>,
    status: watch::Sender<BTreeMap<String, ServiceStatus>>,
    events: mpsc::Sender<ServiceEvent>,
    failure: Option<ServiceFailure>,
    stopping: bool,
}

impl Group {
    async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Option<ServiceFailure> {
        loop {
            for (name, order) in due_orders(&self.members, self.stopping) {
                let member = self.members.get_mut(&name).expect("orders go to members");
                member.told = Some(order);
                let _ = member.orders.send(order).await; // two fit, and no member is told more
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

    fn take_in(&mut self, report: Report) {
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

/// Who is to be told what: started once all that it needs is ready, stopped once nobody needs it.
fn due_orders(members: &BTreeMap<String, Member>, stopping: bool) -> Vec<(String, Order)> {
    let is = |name: &String, wanted: fn(&Phase) -> bool| {
        members.get(name).is_some_and(|member| wanted(&member.phase))
    };
    let due = members.iter().filter_map(|(name, member)| {
        if !stopping {
            let can = member.after.iter().all(|other| is(other, |p| matches!(p, Phase::Ready(_))));
            return (member.told.is_none() && can).then(|| (name.clone(), Order::Start));
        }
        let needed = members
            .values()
            .any(|other| other.after.contains(name) && !matches!(other.phase, Phase::Gone(_)));
        (member.told != Some(Order::Stop) && !needed).then(|| (name.clone(), Order::Stop))
    });
    due.collect()
}

/// Where a service's task sends what it has to tell.
struct Post {
    name: String,
    log_path: Utf8PathBuf,
    events: mpsc::Sender<ServiceEvent>,
    reports: mpsc::Sender<Report>,
}

/// Runs one service until it is gone.
async fn supervise(mut service: Service, mut log: LogFile, post: Post) -> Option<ServiceFailure> {
    loop {
        match service.next(true).await {
            Happening::Line(line) => {
                log.line(&line.text);
                if post.events.capacity() > KEPT_FOR_PHASES {
                    let service = post.name.clone();
                    let event =
                        ServiceEvent::Line { service, stream: line.stream, text: line.text };
                    let _ = post.events.try_send(event);
                }
            }
            Happening::Event(event) => {
                if service.react(event).await {
                    post.phase(&service).await;
                }
            }
        }
        if let Phase::Gone(outcome) = service.phase() {
            let ending = service.ending().filter(|_| outcome == Outcome::Ended)?.clone();
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

impl Post {
    async fn phase(&self, service: &Service) {
        let (phase, pid, starts) = (service.phase(), service.id(), service.starts());
        let status = ServiceStatus { phase, pid, starts };
        let _ = self.reports.send(Report { name: self.name.clone(), status }).await;
        let ending = service.ending().cloned();
        let event = ServiceEvent::Phase { service: self.name.clone(), phase, ending };
        let _ = self.events.try_send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &[(&str, &str, Phase)]) -> BTreeMap<String, Member> {
        let member = |(name, after, phase): &(&str, &str, Phase)| {
            let told = (*phase != Phase::Waiting).then_some(Order::Start);
            let after = after.split_whitespace().map(String::from).collect();
            ((*name).to_owned(), Member { after, orders: mpsc::channel(2).0, phase: *phase, told })
        };
        list.iter().map(member).collect()
    }

    fn names(orders: &[(String, Order)]) -> Vec<&str> {
        orders.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_service_starts_when_all_that_it_needs_is_ready() {
        let all = |redis| {
            members(&[
                ("ray", "", Phase::Ready(1)),
                ("redis", "", redis),
                ("worker", "ray redis", Phase::Waiting),
            ])
        };
        assert!(due_orders(&all(Phase::Starting(1)), false).is_empty());
        assert_eq!(names(&due_orders(&all(Phase::Ready(2)), false)), ["worker"]);
    }

    #[test]
    fn a_service_stops_when_nobody_needs_it_any_more() {
        let all = |worker| members(&[("ray", "", Phase::Ready(1)), ("worker", "ray", worker)]);
        assert_eq!(names(&due_orders(&all(Phase::Ready(1)), true)), ["worker"]);
        let gone = all(Phase::Gone(Outcome::Stopped));
        assert!(names(&due_orders(&gone, true)).contains(&"ray"));
    }
}
