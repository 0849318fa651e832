//! `sfgen apply`: bring this machine's side up, meet the peers, supervise.

use clap::Args;
use tokio::sync::mpsc;

use crate::{
    cli::{
        args::SideArgs,
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        install::{machine::ThisMachine, site::Site, targets::target},
        launcher::{LaunchEnd, PrepareError, launch, prepare, started_by_launcher},
        machine::side::read_federation,
    },
    types::HostName,
};

use super::{
    firewall::{self, FirewallArgs},
    installing::{InstallArgs, install},
    launching::{Show, for_all, is_wanted, read_side, runtime, worst},
};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Which side
    #[command(flatten)]
    pub(crate) side: SideArgs,
    /// The host that this machine is, where it is not the first of its party
    #[arg(long, conflicts_with = "all")]
    pub(crate) host: Option<HostName>,
    /// For parties whose processes systemd or Docker keeps up
    #[command(flatten)]
    pub(crate) install: InstallArgs,
    /// About the firewall
    #[command(flatten)]
    pub(crate) firewall: FirewallArgs,
}

/// Runs the command.
pub(in crate::cli) fn run(args: &ApplyArgs, ui: &Ui) -> Result<Status, Failure> {
    let Some(party) = &args.side.party else {
        ui.never_wait();
        let outcomes = for_all(
            &args.side,
            read_federation(&args.side.tree)?.parties.into_keys(),
            &for_each(args),
            ui,
        )?;
        return Ok(worst(&outcomes));
    };
    if !is_wanted(&args.side) {
        return Ok(Status::Interrupted);
    }
    let side = read_side(&args.side, party, args.host.as_ref(), ui)?;
    if args.firewall.is_about_it() {
        return firewall::run(&side, args.firewall, args.install, ui);
    }
    if let Some(target) = target(&side.plan.deploy) {
        let here = Site { side: &side, machine: &ThisMachine };
        return install(&here, target, args.install, ui);
    }
    let side = started_by_launcher(side, &args.side.tree)?;
    if args.install.dry_run {
        ui.note(format!("{party}: nothing is installed; its launcher starts what is planned"));
        return Ok(Status::Done);
    }
    ui.never_wait();
    // Nothing in this process requests anything; requests of other processes come through the socket.
    let (_none, requests) = mpsc::channel(1);
    let mut show = Show::new(ui, party);
    let end = runtime().block_on(async {
        let mut report = |event| show.event(event);
        let wait = args.side.wait.get();
        match prepare(side, wait, false, requests, &mut report).await {
            Ok(prepared) => Ok::<_, Failure>(launch(prepared, &mut report).await?),
            Err(PrepareError::Stopped) => Ok(LaunchEnd::Stopped),
            Err(why) => Err(why.into()),
        }
    })?;
    Ok(match end {
        LaunchEnd::Stopped => Status::Done,
        LaunchEnd::Interrupted => Status::Interrupted,
    })
}

/// The command with what holds for each party.
fn for_each(args: &ApplyArgs) -> Vec<&'static str> {
    let InstallArgs { dry_run, yes, force } = args.install;
    let flags = [(dry_run, "--dry-run"), (yes, "--yes"), (force, "--force")];
    let given = flags.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag);
    std::iter::once("apply").chain(given).collect()
}
