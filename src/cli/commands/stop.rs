//! `sfgen stop`: end what runs here.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        install::{
            machine::ThisMachine,
            record::{Place, Records},
            uninstall::{carry_out, check, described, is_left_to_root, to_take_back},
        },
        local::{Reply, Request, ask_once},
    },
    plan::Stage,
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
    let installed = stop_installed(args.party.as_ref(), ui)?;
    if running.is_empty() && !installed {
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

/// Stops what `apply` started for parties whose processes something else keeps up; it stays installed. Whether there was
/// any.
fn stop_installed(party: Option<&PartyName>, ui: &Ui) -> Result<bool, Failure> {
    let mut has_stopped = false;
    for (place, records) in Records::all(|place| party.is_none_or(|party| *party == place.party))? {
        let record = records.read(&place)?;
        let actions = to_take_back(&record, &[Stage::Start, Stage::Firewall]);
        if actions.is_empty() {
            continue;
        }
        let Place { topology, party, .. } = &place;
        if is_left_to_root(&ThisMachine, &actions) {
            let command = format!("sudo sfgen stop --party {party}");
            let left = described(&actions).join(", ");
            ui.note(format!("{party} of {topology}: left to root, `{command}`: {left}"));
            continue;
        }
        check(&ThisMachine, &record, &actions, false, &format!("sfgen stop --party {party}"))?;
        let mut open = records.open(&place)?;
        let mut report = |words| ui.note(format!("{party}: {words}"));
        carry_out(&ThisMachine, &mut open, &actions, &mut report)?;
        ui.result(format!("{party} of {topology}: stopped"));
        has_stopped = true;
    }
    Ok(has_stopped)
}
