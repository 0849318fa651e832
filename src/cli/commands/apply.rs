//! `sfgen apply`: bring this machine's side up, meet the peers, supervise.

use tokio::sync::mpsc;

use crate::{
    cli::{
        args::ApplyArgs,
        status::{Failure, Status},
        ui::Ui,
    },
    launch::launcher::{LaunchEnd, launch},
};

use super::launching::{Show, for_all, prepare, read_side, runtime};

/// Runs the command.
pub(in crate::cli) fn run(args: &ApplyArgs, ui: &Ui) -> Result<Status, Failure> {
    let Some(party) = &args.side.party else {
        let outcomes = for_all(&args.side, &["apply"], ui)?;
        let worst =
            outcomes.iter().map(|outcome| outcome.status).max_by_key(|status| status.rank());
        return Ok(worst.unwrap_or(Status::Done));
    };
    let side = read_side(&args.side, party)?;
    // Nobody in this process gives orders; those of other processes come through the socket.
    let (_none, orders) = mpsc::channel(1);
    let prepared = prepare(&args.side, side, false, orders, ui)?;
    let mut show = Show::new(ui, party);
    let end = runtime().block_on(launch(prepared, &mut |event| show.event(event)))?;
    Ok(match end {
        LaunchEnd::Stopped => Status::Done,
        LaunchEnd::Interrupted => Status::Interrupted,
    })
}
