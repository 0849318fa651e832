//! `<party>/<host>/docker/Dockerfile`: the image in which Ray and services without an image of their own run.

use camino::Utf8Path;
use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::{
    plan::{Deploy, Effect, Location, UID},
    render::{
        artifact::{File, Files, Kind, OfHost},
        scene::HostScene,
        source::{Readers, Source},
    },
    types::Home,
};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Install, files };

const TEMPLATE: Source = Source {
    name: "party/host/docker/Dockerfile.hbs",
    text: include_str!("../../../../templates/party/host/docker/Dockerfile.hbs"),
    makes: "PARTY/HOST/docker/Dockerfile",
    purpose: "the image in which Ray and services without an image of their own run",
    readers: Readers::Machines,
    view: || schema_for!(View<'_>),
};

/// Where the image has the lists.
const LISTS: &str = "/opt/sfgen";

#[derive(Serialize, JsonSchema)]
struct View<'a> {
    /// The version of Python.
    python: &'a str,
    /// The number of the account in the image.
    uid: u32,
    /// The lists of packages, in the party's folder.
    files: String,
    /// What pip is given, call by call.
    installs: Vec<Vec<String>>,
    /// The folder of wheels, which the build sees only where it is mounted.
    wheels: Option<&'a str>,
    /// The account's home.
    home: &'a str,
    /// Ray's folder for sockets and logs.
    run: &'a str,
    /// The folder for logs.
    logs: &'a str,
    /// Where the folder of the topology is mounted.
    root: &'a str,
}

fn files(scene: &HostScene<'_>) -> Files {
    let Some(secretflow) = &scene.plan().secretflow else { return Ok(Vec::new()) };
    if matches!(&scene.plan().deploy, Deploy::Docker { image: Some(_), .. }) {
        return Ok(Vec::new());
    }
    let software = &secretflow.software;
    let lists = software.lists().into_iter();
    let at = |location| scene.host.locations.get(&location).map_or("", String::as_str);
    let view = View {
        python: &secretflow.python,
        uid: UID,
        files: software.files().join(" "),
        installs: lists.map(|list| list.options(Utf8Path::new(LISTS), &software.source)).collect(),
        wheels: software.source.wheels.as_ref().map(Home::as_str),
        home: at(Location::Home),
        run: at(Location::Run),
        logs: at(Location::Logs),
        root: at(Location::Root),
    };
    Ok(vec![File::new("docker/Dockerfile", scene.fill(TEMPLATE, &view)?)])
}
