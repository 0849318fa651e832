//! `sfgen __launcher`: the launcher as a unit of systemd, which starts it and brings it back.

use camino::Utf8PathBuf;
use clap::Args;

use crate::{
    cli::{
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        launcher::{LaunchEnd, events::LaunchEvent, launch, prepare_installed},
        machine::side::Side,
        processes::notify,
    },
    types::{HostName, PartyName},
};

use super::launching::{Show, runtime};

/// Arguments of `__launcher`.
#[derive(Debug, Args)]
pub(crate) struct LauncherArgs {
    /// The party
    #[arg(long)]
    pub(crate) party: PartyName,
    /// The host that this machine is
    #[arg(long)]
    pub(crate) host: HostName,
    /// The installed copy of the tree
    #[arg(long)]
    pub(crate) tree: Utf8PathBuf,
    /// The installed copy of what else the topology's folder has
    #[arg(long)]
    pub(crate) root: Utf8PathBuf,
}

/// Runs the command, until systemd ends it.
pub(in crate::cli) fn run(args: &LauncherArgs, ui: &Ui) -> Result<Status, Failure> {
    ui.never_wait();
    let side = Side::read(&args.tree, Some(&args.root), &args.party, Some(&args.host))?;
    let mut show = Show::new(ui, &args.party);
    let end = runtime().block_on(async {
        let mut report = |event: LaunchEvent| {
            tell_systemd(&event);
            show.event(event);
        };
        let prepared = prepare_installed(side, &mut report).await?;
        Ok::<_, Failure>(launch(prepared, &mut report).await?)
    })?;
    Ok(match end {
        LaunchEnd::Stopped => Status::Done,
        LaunchEnd::Interrupted => Status::Interrupted,
    })
}

/// What `systemctl status` shows of the launcher. It goes on where nobody takes the words.
fn tell_systemd(event: &LaunchEvent) {
    let words = match event {
        LaunchEvent::Listening => "READY=1\nSTATUS=up".to_owned(),
        LaunchEvent::Phase(phase) => format!("STATUS={phase}"),
        LaunchEvent::Waiting { missing, .. } => {
            let names: Vec<_> = missing.iter().map(|(party, ..)| party.as_str()).collect();
            format!("STATUS=waiting for {}", names.join(", "))
        }
        _ => return,
    };
    let _ = notify(&words);
}
