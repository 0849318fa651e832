//! Carries out what [`step`] decides for one process.

use std::{collections::VecDeque, future::pending, net::SocketAddr, time::Duration};

use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};

use super::{
    Ending, GuardProgram, Line, ServiceSpec,
    phase::{Action, Event, Phase, step},
    process::{Output, Process},
};

/// How often a service is asked whether it is ready.
const PROBE_EVERY: Duration = Duration::from_millis(200);
/// How long the last lines may take once a process has ended. They are in the pipe already.
const LAST_LINES_WITHIN: Duration = Duration::from_secs(5);

/// What its owner wants of a process. The end of the channel means [`Order::Stop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Start,
    Stop,
}

/// What there is to react to.
pub(super) enum Happening {
    Event(Event),
    Line(Line),
}

/// One process with its timers and probe.
pub(super) struct Service {
    spec: ServiceSpec,
    guard: GuardProgram,
    orders: Option<mpsc::Receiver<Order>>,
    phase: Phase,
    process: Option<Process>,
    output: Option<Output>,
    /// The process has ended; its last lines may be taken until then.
    leaving: Option<Instant>,
    timer: Option<Instant>,
    probe: JoinSet<()>,
    known: VecDeque<Event>,
    starts: u32,
    ending: Option<Ending>,
    /// Why it is being killed, which says more than that it was.
    late: Option<Ending>,
}

impl Service {
    pub(super) fn new(
        spec: ServiceSpec,
        guard: GuardProgram,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        Self {
            spec,
            guard,
            orders: Some(orders),
            phase: Phase::Waiting,
            process: None,
            output: None,
            leaving: None,
            timer: None,
            probe: JoinSet::new(),
            known: VecDeque::new(),
            starts: 0,
            ending: None,
            late: None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn starts(&self) -> u32 {
        self.starts
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::id)
    }

    /// How it ended last.
    pub(super) fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Waits for the next happening; lines only where there is `room` for one. May be cancelled.
    pub(super) async fn next(&mut self, room: bool) -> Happening {
        loop {
            if let Some(event) = self.known.pop_front() {
                return Happening::Event(event);
            }
            // The only `select!` of the module; what its arms wait for survives a cancellation.
            tokio::select! {
                order = next_order(&mut self.orders) => return Happening::Event(order),
                line = next_line(&mut self.output), if room => match line {
                    Some(line) => return Happening::Line(line),
                    None => self.silence(),
                },
                ending = next_end(&mut self.process), if self.leaving.is_none() => self.leave(ending),
                () = due(self.leaving) => self.bury(),
                () = due(self.timer) => {
                    self.timer = None;
                    return Happening::Event(Event::TimerFired);
                }
                Some(Ok(())) = self.probe.join_next() => return Happening::Event(Event::ProbePassed),
            }
        }
    }

    /// The process has ended; there may still be lines.
    fn leave(&mut self, ending: Ending) {
        self.ending = Some(self.late.take().unwrap_or(ending));
        self.leaving = Some(Instant::now() + LAST_LINES_WITHIN);
        self.probe = JoinSet::new();
        if self.output.is_none() {
            self.bury();
        }
    }

    /// Nobody can write any more. That alone is no end: a program may close its output and go on.
    fn silence(&mut self) {
        self.output = None;
        if self.leaving.is_some() {
            self.bury();
        }
    }

    /// Nothing is to be expected of the process any more.
    fn bury(&mut self) {
        (self.leaving, self.process, self.output) = (None, None, None);
        self.known.push_back(Event::Exited);
    }

    /// Lets an event take its effect; tells whether the phase changed.
    pub(super) async fn react(&mut self, event: Event) -> bool {
        if let (Phase::Starting(_), Event::TimerFired, Some(address)) =
            (self.phase, event, self.spec.probe)
        {
            self.late = Some(Ending::NotReady(address, self.spec.ready_within));
        }
        let (next, actions) = step(self.phase, event, &self.spec.policy());
        for action in actions {
            self.perform(action).await;
        }
        std::mem::replace(&mut self.phase, next) != next
    }

    async fn perform(&mut self, action: Action) {
        match action {
            Action::Spawn => self.spawn(),
            Action::SetTimer(after) => self.timer = Some(Instant::now() + after),
            Action::Terminate => self.order("term").await,
            Action::Kill => self.order("kill").await,
        }
    }

    async fn order(&mut self, order: &str) {
        if let Some(process) = &mut self.process {
            process.order(order).await;
        }
    }

    fn spawn(&mut self) {
        self.starts += 1;
        (self.ending, self.late) = (None, None);
        match Process::spawn(&self.spec, &self.guard) {
            Ok((process, output)) => {
                (self.process, self.output) = (Some(process), Some(output));
            }
            Err(ending) => {
                self.ending = Some(ending);
                self.known.push_back(Event::Exited);
                return;
            }
        }
        match self.spec.probe {
            Some(address) => drop(self.probe.spawn(answers(address))),
            None => self.known.push_back(Event::ProbePassed),
        }
    }
}

async fn next_order(orders: &mut Option<mpsc::Receiver<Order>>) -> Event {
    let Some(receiver) = orders else { return pending().await };
    match receiver.recv().await {
        Some(Order::Start) => Event::StartOrdered,
        Some(Order::Stop) => Event::StopOrdered,
        None => {
            *orders = None;
            Event::StopOrdered
        }
    }
}

async fn next_line(output: &mut Option<Output>) -> Option<Line> {
    match output {
        Some(output) => output.line().await,
        None => pending().await,
    }
}

async fn next_end(process: &mut Option<Process>) -> Ending {
    match process {
        Some(process) => process.ended().await,
        None => pending().await,
    }
}

async fn due(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

/// Dials until somebody answers.
async fn answers(address: SocketAddr) {
    let mut ticks = interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Ok(Ok(_)) = timeout(PROBE_EVERY * 5, TcpStream::connect(address)).await {
            return;
        }
    }
}
