//! `sfgen stop`: end what runs here.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        local::{Reply, Request, ask_once},
        machine::state::{Folders, instances},
    },
    types::PartyName,
};

use super::launching::runtime;

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
    let running = instances(&Folders::from_env())?;
    let wanted: Vec<_> = running
        .into_iter()
        .filter(|(instance, _)| args.party.as_ref().is_none_or(|party| *party == instance.party))
        .collect();
    if wanted.is_empty() {
        ui.note("nothing runs here");
    }
    for (instance, socket) in wanted {
        let reply = runtime().block_on(ask_once(&socket, &Request::Stop, PATIENCE))?;
        let party = &instance.party;
        match reply {
            Some(Reply::Stopped) => {}
            Some(Reply::Silent(problem)) => {
                return Err(Failure::of_problem(Status::Failed, problem));
            }
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
