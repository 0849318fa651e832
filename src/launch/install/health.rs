//! Waiting until what was started is ready.

use std::time::{Duration, Instant};

use super::{
    InstallError,
    error::Sick,
    site::Site,
    states::{ProcessState, Verdict, verdict},
    target::Target,
};
use crate::plan::STEADY_AFTER;

/// How often the processes are looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// What starting may take beside the times of the plan: ending what ran before, and pauses between starts.
const BESIDE: Duration = Duration::from_mins(1);

/// Waits until all processes are ready, and stay so where some have just been started. `waiting` is told who is waited
/// for.
pub(super) fn wait(
    site: &Site<'_>,
    target: &Target,
    is_started: bool,
    waiting: &mut dyn FnMut(&[String]),
) -> Result<(), InstallError> {
    let begun = site.machine.now();
    let mut ready: Option<(Instant, Vec<ProcessState>)> = None;
    loop {
        let states = (target.states)(site)?;
        let allowed = states.iter().map(|state| state.within).sum::<Duration>() + BESIDE;
        let now = site.machine.now();
        match verdict(&states, now.duration_since(begun) > allowed) {
            Verdict::Ready if !is_started => return Ok(()),
            Verdict::Ready => match &ready {
                Some((since, before)) if *before == states => {
                    if now.duration_since(*since) >= STEADY_AFTER {
                        return Ok(());
                    }
                }
                _ => ready = Some((now, states)),
            },
            Verdict::Wait(names) => {
                ready = None;
                waiting(&names);
            }
            Verdict::Sick(sick) => return Err(unhealthy(site, target, sick)),
        }
        site.machine.pause(LOOK_AGAIN);
    }
}

fn unhealthy(site: &Site<'_>, target: &Target, sick: Vec<(String, &'static str)>) -> InstallError {
    let look = sick.first().map(|(name, _)| (target.look)(name)).unwrap_or_default();
    let processes = sick.into_iter().map(|(name, what)| {
        let lines = (target.last_lines)(site, &name);
        Sick { name, what: what.to_owned(), lines }
    });
    let party = site.side.party().clone();
    InstallError::Unhealthy { party, processes: processes.collect(), look }
}
