//! Carries out what [`step`] decides for one process.

use std::{collections::VecDeque, future::pending, time::Duration};

use tokio::{
    net::{TcpStream, ToSocketAddrs},
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    Ending, GuardProgram, Line, ServiceSpec,
    phase::{ProcessAction, ProcessEvent, ServicePhase, step},
    process::{Output, Process, due},
};

/// How often a service is asked whether it is ready.
const PROBE_EVERY: Duration = Duration::from_millis(200);
/// How long the last lines may take once a process has ended. They are in the pipe already.
const LAST_LINES_WITHIN: Duration = Duration::from_secs(5);

/// What its owner asks of a process. The end of the channel means [`ServiceCommand::Stop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceCommand {
    Start,
    Restart,
    Stop,
}

/// What a service reacts to.
pub(super) enum ServiceInput {
    Event(ProcessEvent),
    Line(Line),
}

/// One process with its timers and probe.
pub(super) struct Service {
    spec: ServiceSpec,
    guard: GuardProgram,
    commands: Option<mpsc::Receiver<ServiceCommand>>,
    phase: ServicePhase,
    process: Option<Process>,
    output: Option<Output>,
    /// The process has ended; its last lines may be taken until then.
    leaving: Option<Instant>,
    timer: Option<Instant>,
    probe: JoinSet<()>,
    /// Waits for what it joins.
    dialling: JoinSet<()>,
    known: VecDeque<ProcessEvent>,
    starts: u32,
    ending: Option<Ending>,
    /// Why it is being killed, to be reported instead of the signal.
    late: Option<Ending>,
}

impl Service {
    pub(super) fn new(
        spec: ServiceSpec,
        guard: GuardProgram,
        commands: mpsc::Receiver<ServiceCommand>,
    ) -> Self {
        Self {
            spec,
            guard,
            commands: Some(commands),
            phase: ServicePhase::Waiting,
            process: None,
            output: None,
            leaving: None,
            timer: None,
            probe: JoinSet::new(),
            dialling: JoinSet::new(),
            known: VecDeque::new(),
            starts: 0,
            ending: None,
            late: None,
        }
    }

    pub(super) fn phase(&self) -> ServicePhase {
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

    /// Waits for the next input; lines only where there is `room` for one. May be cancelled.
    pub(super) async fn next(&mut self, room: bool) -> ServiceInput {
        loop {
            if let Some(event) = self.known.pop_front() {
                return ServiceInput::Event(event);
            }
            // The only `select!` of the module; what its arms wait for survives a cancellation.
            tokio::select! {
                command = next_command(&mut self.commands) => return ServiceInput::Event(command),
                line = next_line(&mut self.output), if room => match line {
                    Some(line) => return ServiceInput::Line(line),
                    None => self.output_closed(),
                },
                ending = next_end(&mut self.process), if self.leaving.is_none() => self.ended(ending),
                () = due(self.leaving) => self.gone(),
                () = due(self.timer) => {
                    self.timer = None;
                    return ServiceInput::Event(ProcessEvent::TimerFired);
                }
                Some(Ok(())) = self.dialling.join_next() => {
                    self.timer = Some(Instant::now() + self.spec.policy().ready_within);
                    self.spawn();
                }
                Some(Ok(())) = self.probe.join_next() => return ServiceInput::Event(ProcessEvent::ProbePassed),
            }
        }
    }

    /// The process has ended; there may still be lines.
    fn ended(&mut self, ending: Ending) {
        self.ending = Some(self.late.take().unwrap_or(ending));
        self.leaving = Some(Instant::now() + LAST_LINES_WITHIN);
        self.probe = JoinSet::new();
        if self.output.is_none() {
            self.gone();
        }
    }

    /// The output was closed. That alone does not mean that the process has ended.
    fn output_closed(&mut self) {
        self.output = None;
        if self.leaving.is_some() {
            self.gone();
        }
    }

    /// Neither process nor output is left.
    fn gone(&mut self) {
        (self.leaving, self.process, self.output) = (None, None, None);
        self.known.push_back(ProcessEvent::Exited);
    }

    /// Lets an event take its effect; tells whether the phase changed.
    pub(super) async fn react(&mut self, event: ProcessEvent) -> bool {
        if let (ServicePhase::Starting(_), ProcessEvent::TimerFired, Some(address)) =
            (self.phase, event, self.spec.probe)
        {
            self.late = Some(Ending::NotReady(address, self.spec.ready_within));
        }
        if event == ProcessEvent::StopOrdered && !self.dialling.is_empty() {
            self.dialling = JoinSet::new();
            self.known.push_back(ProcessEvent::Exited);
        }
        let (next, actions) = step(self.phase, event, &self.spec.policy());
        for action in actions {
            self.perform(action).await;
        }
        std::mem::replace(&mut self.phase, next) != next
    }

    async fn perform(&mut self, action: ProcessAction) {
        match action {
            ProcessAction::Spawn => match self.spec.joins.clone() {
                Some(head) => drop(self.dialling.spawn(answers(head))),
                None => self.spawn(),
            },
            ProcessAction::SetTimer(after) => self.timer = Some(Instant::now() + after),
            ProcessAction::Terminate => {
                if let Some(process) = &mut self.process {
                    process.terminate().await;
                }
            }
            ProcessAction::Kill => {
                if let Some(process) = &mut self.process {
                    process.kill().await;
                }
            }
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
                self.known.push_back(ProcessEvent::Exited);
                return;
            }
        }
        match self.spec.probe {
            Some(address) => drop(self.probe.spawn(answers(address))),
            None => drop(self.probe.spawn(sleep(self.spec.steady_after))),
        }
    }
}

async fn next_command(commands: &mut Option<mpsc::Receiver<ServiceCommand>>) -> ProcessEvent {
    let Some(receiver) = commands else { return pending().await };
    match receiver.recv().await {
        Some(ServiceCommand::Start) => ProcessEvent::StartOrdered,
        Some(ServiceCommand::Restart) => ProcessEvent::RestartOrdered,
        Some(ServiceCommand::Stop) => ProcessEvent::StopOrdered,
        None => {
            *commands = None;
            ProcessEvent::StopOrdered
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

/// Dials until the address accepts a connection.
async fn answers(address: impl ToSocketAddrs) {
    let mut ticks = interval(PROBE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Ok(Ok(_)) = timeout(PROBE_EVERY * 5, TcpStream::connect(&address)).await {
            return;
        }
    }
}
