//! `<party>/<host>/docker/Dockerfile`: the image in which Ray and services without an image of their own run.

use serde::Serialize;

use crate::plan::Deploy;

use super::{Effect, File, Files, Kind, OfHost, engine::Source, scene::HostScene};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Install, files };

const TEMPLATE: Source = Source {
    name: "party/host/docker/Dockerfile.hbs",
    text: include_str!("../../templates/party/host/docker/Dockerfile.hbs"),
};

#[derive(Serialize)]
struct View<'a> {
    python: &'a str,
    /// Ray's folder for sockets and logs, see [`super::compose`].
    run: &'a str,
    /// Where the folder of the topology is mounted.
    work: &'a str,
}

/// Ray's folder in the containers. Short, since socket paths end at 107 characters.
pub(super) const RUN: &str = "/run/sfgen";

/// Where the containers see the folder of the topology.
pub(super) const WORK: &str = "/srv/sfgen";

fn files(host: &HostScene<'_>) -> Files {
    let plan = host.plan();
    let (Deploy::Docker { .. }, Some(secretflow)) = (&plan.deploy, &plan.secretflow) else {
        return Ok(Vec::new());
    };
    let view = View { python: &secretflow.python, run: RUN, work: WORK };
    Ok(vec![File::new("docker/Dockerfile", host.fill(TEMPLATE, &view)?)])
}
