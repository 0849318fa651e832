//! `sfgen status`: what runs here.

use std::time::Duration;

use clap::Args;

use crate::{
    cli::{
        args::Format,
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        local::{Reply, Request, ask_once, status::LauncherStatus},
        machine::state::Instance,
    },
    types::PartyName,
};

use super::{
    launching::runtime,
    running::{if_there, is_gone, none_runs, wanted},
};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Only this party
    #[arg(long)]
    pub(crate) party: Option<PartyName>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// A launcher answers between two inputs, each of which takes it milliseconds. One that is stuck is told before.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command.
pub(in crate::cli) fn run(args: &StatusArgs, ui: &Ui) -> Result<Status, Failure> {
    let mut all: Vec<LauncherStatus> = Vec::new();
    for (instance, socket) in wanted(args.party.as_ref())? {
        let reply = runtime().block_on(ask_once(&socket, &Request::Status, PATIENCE));
        match if_there(reply)?.flatten() {
            Some(Reply::Status(status)) => all.push(*status),
            Some(Reply::Silent(problem)) => {
                return Err(Failure::of_problem(Status::Failed, problem));
            }
            // One that was ending answers nobody, and soon runs no more.
            _ if is_gone(&instance)? => {}
            _ => return Err(gone(&instance)),
        }
    }
    match ui.format {
        Format::Json => ui.json(&all),
        Format::Text if all.is_empty() => ui.note(none_runs(args.party.as_ref())),
        Format::Text => all.iter().for_each(|status| show(status, ui)),
    }
    Ok(Status::Done)
}

fn gone(instance: &Instance) -> Failure {
    Failure::new(
        Status::Failed,
        format!("the launcher of {} (process {}) does not answer", instance.party, instance.pid),
    )
    .help("it may be ending just now; ask again")
}

fn show(status: &LauncherStatus, ui: &Ui) {
    let LauncherStatus { topology, party, plan, pid, phase, .. } = status;
    ui.result(format!("{party} of {topology}: {phase} (plan {}, process {pid})", plan.short()));
    for (name, service) in &status.services {
        ui.result(format!("  service {name:<16} {} ({} starts)", service.phase, service.starts));
    }
    for (name, peer) in &status.peers {
        let what = peer.phase.as_deref().unwrap_or("absent");
        let trouble = peer.trouble.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        ui.result(format!("  peer    {name:<16} {what} at {}{trouble}", peer.address));
    }
    for (name, host) in &status.hosts {
        let what = host.phase.as_deref().unwrap_or("absent");
        let trouble = host.trouble.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        ui.result(format!("  host    {name:<16} {what} at {}{trouble}", host.address));
    }
    for job in &status.jobs {
        let run = job.run.as_ref().map(|run| format!(" {run}")).unwrap_or_default();
        let slot = job.slot.map(|slot| format!(" in slot {slot}")).unwrap_or_default();
        let cause = job.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        ui.result(format!("  job     {:<16} {}{run}{slot}{cause}", job.job, job.state));
    }
    ui.result(format!("  logs    {}", status.logs));
}
