//! `sfgen stop`: end what runs here.

use crate::{
    cli::{
        args::StopArgs,
        status::{Failure, Status},
        ui::Ui,
    },
    launch::{
        local::{Reply, Request, ask},
        state::{Folders, instances},
    },
};

use super::launching::runtime;

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
        let stopped = runtime().block_on(async {
            let mut replies = ask(&socket, &Request::Stop).await?;
            Ok::<_, Failure>(matches!(replies.recv().await, Some(Reply::Stopped)))
        })?;
        let party = &instance.party;
        if !stopped {
            let message = format!(
                "the launcher of {party} (process {}) went away without a word",
                instance.pid
            );
            return Err(Failure::new(Status::Failed, message)
                .help("`sfgen status` tells whether it still runs"));
        }
        ui.result(format!("{party} of {}: stopped", instance.topology));
    }
    Ok(Status::Done)
}
