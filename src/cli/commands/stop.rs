//! `sfgen stop`: end what runs here.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    launch::local::{Reply, Request, ask_once},
    types::PartyName,
};

use super::{
    launching::runtime,
    running::{if_there, is_gone, none_runs, wanted},
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

/// Runs the command. Only launchers of this user are found, and each ends only what it started.
pub(in crate::cli) fn run(args: &StopArgs, ui: &Ui) -> Result<Status, Failure> {
    let running = wanted(args.party.as_ref())?;
    if running.is_empty() {
        ui.note(none_runs(args.party.as_ref()));
    }
    for (instance, socket) in running {
        let reply = runtime().block_on(ask_once(&socket, &Request::Stop, PATIENCE));
        let reply = if_there(reply)?.flatten();
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
