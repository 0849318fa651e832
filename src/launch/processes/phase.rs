//! The whole restart and shutdown logic of one process: no clock, no process, no channel.

use std::{fmt, time::Duration};

use crate::plan::Restart;

/// Where one process stands. Only [`step`] moves it on; the number counts its starts since it last settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServicePhase {
    /// What it needs is not ready.
    Waiting,
    /// It runs and does not answer yet.
    Starting(u32),
    /// It runs and has answered.
    Ready(u32),
    /// It has ended and is started again after a pause.
    BackingOff(u32),
    /// It has been asked to end.
    Stopping,
    /// It runs no more and is not started again.
    Gone(GoneReason),
}

impl ServicePhase {
    /// Whether it runs and has answered.
    #[must_use]
    pub fn is_ready(self) -> bool {
        matches!(self, Self::Ready(_))
    }
}

impl fmt::Display for ServicePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Starting(_) => "starting",
            Self::Ready(_) => "ready",
            Self::BackingOff(_) => "backing off",
            Self::Stopping => "stopping",
            Self::Gone(GoneReason::Stopped) => "stopped",
            Self::Gone(GoneReason::Ended) => "ended",
        })
    }
}

/// Why a process is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneReason {
    /// It was ordered to stop.
    Stopped,
    /// It ended by itself once more than the policy allows.
    Ended,
}

/// What happens to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    /// All that it needs is ready.
    StartOrdered,
    /// It answers.
    ProbePassed,
    /// It has ended, or could not be started.
    Exited,
    /// The time is up that was set last.
    TimerFired,
    /// It is to be started again.
    RestartOrdered,
    /// It is to end.
    StopOrdered,
}

/// What is to be done to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessAction {
    /// Start it.
    Spawn,
    /// Send [`ProcessEvent::TimerFired`] after this time, and forget an earlier timer.
    SetTimer(Duration),
    /// Ask it to end.
    Terminate,
    /// End it and all of its descendants.
    Kill,
}

/// When a process that ended is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// How often it is started before it counts as failed.
    pub max_starts: u32,
    /// The pause after the first end; it doubles from end to end.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// After so long a time ready, earlier ends are forgotten.
    pub settled_after: Duration,
}

impl RestartPolicy {
    /// As the plan says for what is kept up.
    #[must_use]
    pub const fn of(restart: Restart) -> Self {
        Self {
            max_starts: restart.starts,
            first_pause: restart.pause.get(),
            longest_pause: restart.longest_pause.get(),
            settled_after: restart.settled_after.get(),
        }
    }

    /// Started once, as jobs are.
    #[must_use]
    pub const fn once() -> Self {
        Self { max_starts: 1, ..Self::of(Restart::KEEP_UP) }
    }

    fn pause(&self, starts: u32) -> Duration {
        let factor = 1_u32.checked_shl(starts.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first_pause.saturating_mul(factor).min(self.longest_pause)
    }
}

/// All times and limits of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When it is started again.
    pub restart: RestartPolicy,
    /// How long it may take to answer.
    pub ready_within: Duration,
    /// How long it may take to end.
    pub grace: Duration,
}

/// What follows from `event` in `phase`.
#[must_use]
pub fn step(
    phase: ServicePhase,
    event: ProcessEvent,
    policy: &Policy,
) -> (ServicePhase, Vec<ProcessAction>) {
    let spawn = || vec![ProcessAction::Spawn, ProcessAction::SetTimer(policy.ready_within)];
    match (phase, event) {
        (ServicePhase::Waiting, ProcessEvent::StartOrdered) => (ServicePhase::Starting(1), spawn()),
        (ServicePhase::Starting(n), ProcessEvent::ProbePassed) => {
            (ServicePhase::Ready(n), vec![ProcessAction::SetTimer(policy.restart.settled_after)])
        }
        // Too late to be ready. Its end will be the `Exited` that counts.
        (ServicePhase::Starting(n), ProcessEvent::TimerFired) => {
            (ServicePhase::Starting(n), vec![ProcessAction::Kill])
        }
        (ServicePhase::Ready(_), ProcessEvent::TimerFired) => (ServicePhase::Ready(1), vec![]),
        (ServicePhase::Starting(n) | ServicePhase::Ready(n), ProcessEvent::Exited)
            if n < policy.restart.max_starts =>
        {
            (ServicePhase::BackingOff(n), vec![ProcessAction::SetTimer(policy.restart.pause(n))])
        }
        (ServicePhase::Starting(_) | ServicePhase::Ready(_), ProcessEvent::Exited) => {
            (ServicePhase::Gone(GoneReason::Ended), vec![])
        }
        (ServicePhase::BackingOff(n), ProcessEvent::TimerFired) => {
            (ServicePhase::Starting(n + 1), spawn())
        }
        // Nothing that it does is worth a grace period. Its end will be the `Exited` that counts.
        (ServicePhase::Starting(_) | ServicePhase::Ready(_), ProcessEvent::RestartOrdered) => {
            (phase, vec![ProcessAction::Kill])
        }
        (ServicePhase::Starting(_) | ServicePhase::Ready(_), ProcessEvent::StopOrdered) => (
            ServicePhase::Stopping,
            vec![ProcessAction::Terminate, ProcessAction::SetTimer(policy.grace)],
        ),
        (ServicePhase::Stopping, ProcessEvent::TimerFired) => {
            (ServicePhase::Stopping, vec![ProcessAction::Kill])
        }
        (ServicePhase::Waiting | ServicePhase::BackingOff(_), ProcessEvent::StopOrdered)
        | (ServicePhase::Stopping, ProcessEvent::Exited) => {
            (ServicePhase::Gone(GoneReason::Stopped), vec![])
        }
        // A late timer, a repeated command or a second probe changes nothing.
        (phase, _) => (phase, vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        restart: RestartPolicy { max_starts: 3, ..RestartPolicy::once() },
        ready_within: Duration::from_secs(5),
        grace: Duration::from_secs(10),
    };

    fn seconds(seconds: u64) -> ProcessAction {
        ProcessAction::SetTimer(Duration::from_secs(seconds))
    }

    #[test]
    fn a_service_that_ignores_the_stop_command_is_killed_after_the_grace_period() {
        let (phase, actions) = step(ServicePhase::Ready(1), ProcessEvent::StopOrdered, &POLICY);
        assert_eq!(actions, [ProcessAction::Terminate, seconds(10)]);
        assert_eq!(
            step(phase, ProcessEvent::TimerFired, &POLICY),
            (phase, vec![ProcessAction::Kill])
        );
        let gone = (ServicePhase::Gone(GoneReason::Stopped), vec![]);
        assert_eq!(step(phase, ProcessEvent::Exited, &POLICY), gone);
    }

    #[test]
    fn pauses_double_until_the_starts_are_used_up() {
        let exited = |n| step(ServicePhase::Starting(n), ProcessEvent::Exited, &POLICY);
        assert_eq!(exited(1), (ServicePhase::BackingOff(1), vec![seconds(1)]));
        assert_eq!(exited(2), (ServicePhase::BackingOff(2), vec![seconds(2)]));
        assert_eq!(exited(3), (ServicePhase::Gone(GoneReason::Ended), vec![]));
        assert_eq!(POLICY.restart.pause(5), Duration::from_secs(16));
        for starts in [6, 33, u32::MAX] {
            assert_eq!(POLICY.restart.pause(starts), Duration::from_secs(30));
        }
    }

    #[test]
    fn a_minute_of_readiness_forgives_earlier_ends() {
        let (phase, actions) = step(ServicePhase::Starting(3), ProcessEvent::ProbePassed, &POLICY);
        assert_eq!((phase, actions), (ServicePhase::Ready(3), vec![seconds(60)]));
        let (phase, _) = step(phase, ProcessEvent::TimerFired, &POLICY);
        assert_eq!(step(phase, ProcessEvent::Exited, &POLICY).0, ServicePhase::BackingOff(1));
    }

    #[test]
    fn a_service_that_never_answers_is_ended_and_counts_as_a_start() {
        let late = step(ServicePhase::Starting(2), ProcessEvent::TimerFired, &POLICY);
        assert_eq!(late, (ServicePhase::Starting(2), vec![ProcessAction::Kill]));
    }

    #[test]
    fn a_job_is_started_once() {
        let policy = Policy { restart: RestartPolicy::once(), ..POLICY };
        let (phase, _) = step(ServicePhase::Ready(1), ProcessEvent::Exited, &policy);
        assert_eq!(phase, ServicePhase::Gone(GoneReason::Ended));
    }

    #[test]
    fn a_process_that_does_not_run_is_stopped_at_once() {
        for phase in [ServicePhase::Waiting, ServicePhase::BackingOff(2)] {
            let stopped = step(phase, ProcessEvent::StopOrdered, &POLICY);
            assert_eq!(stopped, (ServicePhase::Gone(GoneReason::Stopped), vec![]));
        }
        let gone = ServicePhase::Gone(GoneReason::Ended);
        for event in [
            ProcessEvent::StartOrdered,
            ProcessEvent::TimerFired,
            ProcessEvent::StopOrdered,
            ProcessEvent::Exited,
        ] {
            assert_eq!(step(gone, event, &POLICY), (gone, vec![]), "nobody comes back");
        }
    }
}
