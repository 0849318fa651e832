//! A launcher that is installed: something else keeps it up, and all else that runs on its host.

use camino::Utf8Path;
use tokio::sync::mpsc;

use super::{
    events::LaunchEvent,
    prepare::{Launch, Place, PrepareError, Releases, look_at_machine},
};
use crate::{
    fs,
    launch::{
        machine::{
            python::{self, Venv},
            side::Side,
        },
        peers::rendezvous::LauncherPhase,
        processes::Signals,
    },
    plan::{Location, VENV},
};

/// Takes the place of an installed launcher and looks at the machine. Peers will be waited for as long as the launcher is
/// up.
pub async fn prepare_installed(
    side: Side,
    report: &mut (dyn FnMut(LaunchEvent) + Send),
) -> Result<Launch, PrepareError> {
    let signals = Signals::catch()?;
    let place = Place::take(&side)?;
    match make_ready(&side, &place, report) {
        Ok(venv) => {
            let Place { deployment, guard, sweeper, early } = place;
            // Nothing in this process requests anything; requests of other processes come through the socket.
            let requests = mpsc::channel(1).1;
            Ok(Launch {
                side,
                deployment,
                venv,
                wait: None,
                single: false,
                requests,
                early,
                guard,
                sweeper,
                signals,
            })
        }
        Err(why) => Err(place.leave(why).await),
    }
}

fn make_ready(
    side: &Side,
    place: &Place,
    report: &mut (dyn FnMut(LaunchEvent) + Send),
) -> Result<Option<(Venv, Releases)>, PrepareError> {
    side.copy_to(&place.deployment.tree())?;
    fs::remove_folder(&place.deployment.scripts())?;
    report(LaunchEvent::Phase(LauncherPhase::Preflight));
    look_at_machine(side, report)?;
    let Some(home) = side.host().locations.get(&Location::Home) else { return Ok(None) };
    if side.plan.secretflow.is_none() {
        return Ok(None);
    }
    // The packages were installed with the party, for the account of the jobs.
    let folder = Utf8Path::new(home).join(VENV);
    let bin = folder.join("bin");
    let venv = Venv { folder, bin, python_version: String::new() };
    let releases = python::installed_versions(&venv.folder)?;
    Ok(Some((venv, releases)))
}
