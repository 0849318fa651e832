//! `sfgen stop`: end what runs here.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use clap::Args;

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        local::{Reply, Request, ask_once},
        machine::state::Instance,
    },
    types::PartyName,
};

use super::{
    launching::runtime,
    running::{none_runs, wanted},
};

/// Arguments of `stop`.
#[derive(Debug, Args)]
pub(crate) struct StopArgs {
    /// Only this party
    #[arg(long)]
    pub(crate) party: Option<PartyName>,
}

/// Jobs and services end one after the other, each within its grace period.
const PATIENCE: Duration = Duration::from_mins(5);

/// How long a launcher that closes its socket may take to be gone.
const CLOSING: Duration = Duration::from_secs(5);
/// How often it is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Whether a launcher that closed the connection without an answer has ended, which it may be about to.
fn is_gone(instance: &Instance) -> Result<bool, Failure> {
    let begun = Instant::now();
    loop {
        let running = wanted(None)?;
        if running.iter().all(|(other, _)| other.pid != instance.pid) {
            return Ok(true);
        }
        if begun.elapsed() > CLOSING {
            return Ok(false);
        }
        sleep(LOOK_AGAIN);
    }
}

/// Runs the command. Only launchers of this user are found, and each ends only what it started.
pub(in crate::cli) fn run(args: &StopArgs, ui: &Ui) -> Result<Status, Failure> {
    let running = wanted(args.party.as_ref())?;
    if running.is_empty() {
        ui.note(none_runs(args.party.as_ref()));
    }
    for (instance, socket) in running {
        let reply = runtime().block_on(ask_once(&socket, &Request::Stop, PATIENCE))?;
        let party = &instance.party;
        match reply {
            Some(Reply::Stopped) => {}
            Some(Reply::Silent(problem)) => {
                return Err(Failure::of_problem(Status::Failed, problem));
            }
            // One that was ending already answers nobody any more.
            _ if is_gone(&instance)? => {}
            _ => {
                let message = format!(
                    "the launcher of {party} (process {}) did not say that it has ended",
                    instance.pid
                );
                return Err(Failure::new(Status::Failed, message)
                    .help("`sfgen status` tells whether it still runs"));
            }
        }
        ui.result(format!("{party} of {}: stopped", instance.topology));
    }
    Ok(Status::Done)
}
