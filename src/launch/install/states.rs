//! How the processes are that were installed, and whether that is good.

use std::time::Duration;

/// How a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is ready.
    Ready,
    /// It is being started, stopped, or started again.
    Starting,
    /// It does not run, and nothing starts it.
    Down,
    /// It was started in vain so often that nothing starts it any more.
    Failed,
}

/// How a process that is to be kept up is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessState {
    /// What the target calls it.
    pub name: String,
    /// How it is.
    pub phase: Phase,
    /// How often it was started again because it had ended.
    pub restarts: u32,
    /// How long it may take to be ready once it is started.
    pub within: Duration,
}

/// What a look at all processes says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All are ready.
    Ready,
    /// Some are not ready yet: these.
    Wait(Vec<String>),
    /// These will not be ready by themselves.
    Sick(Vec<(String, &'static str)>),
}

/// What one look says. `is_late` is whether the time of all of them is over.
#[must_use]
pub fn verdict(states: &[ProcessState], is_late: bool) -> Verdict {
    let in_phase = |phase: Phase| states.iter().filter(move |state| state.phase == phase);
    let is_under_way = in_phase(Phase::Starting).next().is_some();
    let names = |phase: Phase, what: &'static str| {
        in_phase(phase).map(move |state| (state.name.clone(), what))
    };
    let mut sick: Vec<_> = names(Phase::Failed, "has failed").collect();
    // What waits for another one is down for as long as that is being started.
    if !is_under_way || is_late {
        sick.extend(names(Phase::Down, "is down"));
    }
    if is_late {
        sick.extend(names(Phase::Starting, "is not ready in the time that it has"));
    }
    let waiting = states.iter().filter(|state| state.phase != Phase::Ready);
    let waiting: Vec<_> = waiting.map(|state| state.name.clone()).collect();
    match (sick.is_empty(), waiting.is_empty()) {
        (false, _) => Verdict::Sick(sick),
        (true, true) => Verdict::Ready,
        (true, false) => Verdict::Wait(waiting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(phases: &[Phase]) -> Vec<ProcessState> {
        let state = |(at, phase): (usize, &Phase)| ProcessState {
            name: at.to_string(),
            phase: *phase,
            restarts: 0,
            within: Duration::ZERO,
        };
        phases.iter().enumerate().map(state).collect()
    }

    #[test]
    fn who_is_down_is_waited_for_while_another_is_being_started_and_no_longer() {
        let all = states(&[Phase::Ready, Phase::Starting, Phase::Down]);
        assert_eq!(verdict(&all, false), Verdict::Wait(vec!["1".into(), "2".into()]));
        let down = states(&[Phase::Ready, Phase::Down]);
        assert_eq!(verdict(&down, false), Verdict::Sick(vec![("1".into(), "is down")]));
        assert_eq!(verdict(&states(&[Phase::Ready]), false), Verdict::Ready);
    }

    #[test]
    fn who_has_failed_is_named_at_once_and_who_takes_too_long_in_the_end() {
        let failed = states(&[Phase::Starting, Phase::Failed]);
        assert_eq!(verdict(&failed, false), Verdict::Sick(vec![("1".into(), "has failed")]));
        let late = states(&[Phase::Starting, Phase::Down]);
        let Verdict::Sick(sick) = verdict(&late, true) else { panic!("it is late") };
        assert_eq!(sick.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["1", "0"]);
    }
}
