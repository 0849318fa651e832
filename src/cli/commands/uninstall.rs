//! `sfgen uninstall`: take back what `apply` installed.

use std::collections::BTreeSet;

use camino::Utf8Path;
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
        machine::side::read_federation,
    },
    plan::{Stage, TREE},
    types::{HostName, PartyName, TopologyName},
};

use super::installing::{InstallArgs, confirm};

/// Arguments of `uninstall`.
#[derive(Debug, Args)]
pub(crate) struct UninstallArgs {
    /// The party
    #[arg(long)]
    pub(crate) party: PartyName,
    /// Only what was installed for this host of the party
    #[arg(long)]
    pub(crate) host: Option<HostName>,
    /// Only what was installed for this topology, where the party is in several
    #[arg(long)]
    pub(crate) topology: Option<TopologyName>,
    /// How
    #[command(flatten)]
    pub(crate) install: InstallArgs,
}

/// Runs the command. It needs no tree: the record says what was done.
pub(in crate::cli) fn run(args: &UninstallArgs, ui: &Ui) -> Result<Status, Failure> {
    let places = wanted(args)?;
    if places.is_empty() {
        ui.note(format!("nothing is installed here for {}", args.party));
        return Ok(Status::Done);
    }
    for (place, records) in &places {
        let status = uninstall(records, place, args, ui)?;
        if status != Status::Done {
            return Ok(status);
        }
    }
    Ok(Status::Done)
}

/// The installations that are meant. Those of several topologies are not one.
fn wanted(args: &UninstallArgs) -> Result<Vec<(Place, Records)>, Failure> {
    let mut places = Records::all(|place| {
        place.party == args.party
            && args.host.as_ref().is_none_or(|host| *host == place.host)
            && args.topology.as_ref().is_none_or(|topology| *topology == place.topology)
    })?;
    let has_several = places.iter().any(|(place, _)| place.topology != places[0].0.topology);
    if !has_several {
        return Ok(places);
    }
    // In the folder of a topology, that one is meant.
    if let Ok(here) = read_federation(Utf8Path::new(TREE)) {
        let is_here = |(place, _): &(Place, Records)| place.topology == here.topology;
        if places.iter().any(is_here) {
            places.retain(is_here);
            return Ok(places);
        }
    }
    let topologies: BTreeSet<_> =
        places.iter().map(|(place, _)| place.topology.to_string()).collect();
    let topologies = topologies.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("{} is installed for several topologies: {topologies}", args.party);
    Err(Failure::new(Status::Usage, message).help("name one of these with `--topology`"))
}

fn uninstall(
    records: &Records,
    place: &Place,
    args: &UninstallArgs,
    ui: &Ui,
) -> Result<Status, Failure> {
    let record = records.read(place)?;
    let actions = to_take_back(&record, &[Stage::Start, Stage::Install, Stage::Firewall]);
    if !actions.is_empty() && is_left_to_root(&ThisMachine, &actions) {
        let command = format!("sudo sfgen uninstall --party {}", place.party);
        ui.note(format!("left to root, `{command}`: {}", described(&actions).join(", ")));
        return Ok(Status::Done);
    }
    for line in described(&actions) {
        ui.result(line);
    }
    let InstallArgs { dry_run, yes, force } = args.install;
    if dry_run {
        return Ok(Status::Done);
    }
    let Place { topology, party, host } = place;
    let command = format!("sfgen uninstall --party {party} --host {host} --topology {topology}");
    check(&ThisMachine, &record, &actions, force, &command)?;
    if !confirm(yes)? {
        ui.note("nothing was done");
        return Ok(Status::Interrupted);
    }
    let mut open = records.open(place)?;
    let mut report = |words| ui.note(format!("{party}: {words}"));
    carry_out(&ThisMachine, &mut open, &actions, &mut report)?;
    open.remove()?;
    ui.result(format!("{party} on {host}: nothing of it is installed here any more"));
    Ok(Status::Done)
}
