//! `<party>/<host>/docker/Dockerfile`: the image in which Ray and services without an image of their own run.

use serde::Serialize;

use crate::{
    plan::{Effect, Location, UID},
    render::{
        artifact::{File, Files, Kind, OfHost},
        engine::Source,
        scene::HostScene,
    },
};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Install, files };

const TEMPLATE: Source = Source {
    name: "party/host/docker/Dockerfile.hbs",
    text: include_str!("../../../../templates/party/host/docker/Dockerfile.hbs"),
};

#[derive(Serialize)]
struct View<'a> {
    python: &'a str,
    uid: u32,
    home: &'a str,
    /// Ray's folder for sockets and logs.
    run: &'a str,
    logs: &'a str,
    /// Where the folder of the topology is mounted.
    root: &'a str,
}

fn files(scene: &HostScene<'_>) -> Files {
    let Some(secretflow) = &scene.plan().secretflow else { return Ok(Vec::new()) };
    let at = |location| scene.host.locations.get(&location).map_or("", String::as_str);
    let view = View {
        python: &secretflow.python,
        uid: UID,
        home: at(Location::Home),
        run: at(Location::Run),
        logs: at(Location::Logs),
        root: at(Location::Root),
    };
    Ok(vec![File::new("docker/Dockerfile", scene.fill(TEMPLATE, &view)?)])
}
