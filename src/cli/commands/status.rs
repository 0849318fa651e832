//! `sfgen status`: what runs here.

use std::{collections::BTreeMap, time::Duration};

use camino::Utf8Path;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cli::{
        args::Format,
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        install::{
            machine::ThisMachine,
            record::{Place, Records},
            units::{recorded_units, unit_states},
        },
        local::{Reply, Request, ask_once, status::LauncherStatus},
        machine::{
            installed_launcher::{InstalledLauncherError, installed_launcher},
            state::Instance,
        },
    },
    plan::unit,
    types::{HostName, PartyName, ProcessName, TopologyName},
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

/// One entry of what the command tells.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum StatusReport {
    /// A launcher of this account.
    Launcher(LauncherStatus),
    /// A party that is installed as units of systemd.
    Installed(InstalledReport),
}

/// A party that is installed on this machine, with its units.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InstalledReport {
    /// The topology.
    pub(crate) topology: TopologyName,
    /// The party.
    pub(crate) party: PartyName,
    /// Its host that this machine is.
    pub(crate) host: HostName,
    /// Its units by name, each with its state as systemd calls it: `active`, `activating`, `failed`, `inactive`.
    pub(crate) units: BTreeMap<String, String>,
    /// What its launcher says of itself; `None` where it does not run, or may not be asked.
    pub(crate) launcher: Option<LauncherStatus>,
}

/// A launcher answers between two inputs, each of which takes it milliseconds. One that is stuck is told before.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the command.
pub(in crate::cli) fn run(args: &StatusArgs, ui: &Ui) -> Result<Status, Failure> {
    let mut all = Vec::new();
    for (instance, socket) in wanted(args.party.as_ref())? {
        let status = ask(&instance, &socket)?;
        all.extend(status.map(StatusReport::Launcher));
    }
    all.extend(installed(args.party.as_ref(), ui)?.into_iter().map(StatusReport::Installed));
    match ui.format {
        Format::Json => ui.json(&all),
        Format::Text if all.is_empty() => ui.note(none_runs(args.party.as_ref())),
        Format::Text => {
            for report in &all {
                match report {
                    StatusReport::Launcher(status) => show(status, ui),
                    StatusReport::Installed(report) => show_installed(report, ui),
                }
            }
        }
    }
    Ok(Status::Done)
}

/// What a launcher says of itself; `None` where it has just ended.
fn ask(instance: &Instance, socket: &Utf8Path) -> Result<Option<LauncherStatus>, Failure> {
    let reply = runtime().block_on(ask_once(socket, &Request::Status, PATIENCE));
    match if_there(reply)?.flatten() {
        Some(Reply::Status(status)) => Ok(Some(*status)),
        Some(Reply::Silent(problem)) => Err(Failure::of_problem(Status::Failed, problem)),
        // One that was ending answers nobody, and soon runs no more.
        _ if is_gone(instance)? => Ok(None),
        _ => Err(gone(instance)),
    }
}

/// The parties whose processes are units of this machine, with their launchers as far as these may be asked.
fn installed(party: Option<&PartyName>, ui: &Ui) -> Result<Vec<InstalledReport>, Failure> {
    let mut reports = Vec::new();
    for (place, records) in Records::all(|place| party.is_none_or(|party| *party == place.party))? {
        let units = recorded_units(&records.read(&place)?);
        if units.is_empty() {
            continue;
        }
        let Place { topology, party, host } = place;
        let own = unit(&topology, &party, &ProcessName::Launcher);
        let launcher = if units.contains(&own) {
            match installed_launcher(&topology, &party) {
                Ok(Some((instance, socket))) => ask(&instance, &socket)?,
                Ok(None) => None,
                Err(why @ InstalledLauncherError::NotAllowed { .. }) => {
                    ui.note(why.to_string());
                    None
                }
                Err(why) => return Err(why.into()),
            }
        } else {
            None
        };
        let units = unit_states(&ThisMachine, &units)?;
        reports.push(InstalledReport { topology, party, host, units, launcher });
    }
    Ok(reports)
}

fn gone(instance: &Instance) -> Failure {
    Failure::new(
        Status::Failed,
        format!("the launcher of {} (process {}) does not answer", instance.party, instance.pid),
    )
    .help("it may be ending just now; ask again")
}

fn show_installed(report: &InstalledReport, ui: &Ui) {
    let InstalledReport { topology, party, host, units, launcher } = report;
    ui.result(format!("{party} of {topology} on {host}: installed"));
    for (unit, state) in units {
        ui.result(format!("  unit    {unit} {state}"));
    }
    if let Some(status) = launcher {
        show(status, ui);
    }
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
