//! `deploy "docker"`: a compose file and a Dockerfile per host.

mod compose;
mod dockerfile;
mod volumes;

use crate::{
    plan::{HostPlan, Process, located},
    render::{command::Command, scene::PartyScene},
    types::{HostName, JobName, ProcessName, RayPort, Role},
};

use super::target::Target;

pub(super) const TARGET: Target = Target {
    artifacts: &[&compose::ARTIFACT, &dockerfile::ARTIFACT],
    run_job,
    watch,
    look: |scene| Some(compose(scene, &scene.plan.main_host, ["logs", "NAME"])),
};

fn compose<'a>(
    scene: &PartyScene<'_>,
    host: &HostName,
    rest: impl IntoIterator<Item = &'a str>,
) -> Command {
    let file = format!("generated/{}/{host}/docker/compose.yaml", scene.plan.party);
    let start = ["docker", "compose", "-f"].map(ToOwned::to_owned);
    Command::new(start.into_iter().chain([file]).chain(rest.into_iter().map(ToOwned::to_owned)))
}

/// In the container of the Ray node, which a driver has to share.
fn run_job(scene: &PartyScene<'_>, _: &JobName, process: &Process) -> Command {
    let host = scene.plan.main();
    let ray = ProcessName::Ray.to_string();
    let more = more_variables(host, process);
    let mut rest = vec!["exec"];
    rest.extend(more.iter().flat_map(|assignment| ["-e", assignment.as_str()]));
    rest.push(&ray);
    let command: Vec<_> =
        process.command.iter().map(|word| located(word, &host.locations)).collect();
    rest.extend(command.iter().map(String::as_str));
    compose(scene, &scene.plan.main_host, rest)
}

/// What the container of the Ray node does not have yet, as assignments.
fn more_variables(host: &HostPlan, process: &Process) -> Vec<String> {
    let has = host
        .process(&ProcessName::Ray)
        .map(|ray| ray.environment(&host.variables))
        .unwrap_or_default();
    let wanted = process.environment(&host.variables).into_iter();
    let more = wanted.filter(|(name, value)| has.get(name) != Some(value));
    more.map(|(name, value)| format!("{name}={}", located(&value, &host.locations))).collect()
}

fn watch(scene: &PartyScene<'_>) -> Vec<Command> {
    let mut commands: Vec<_> =
        scene.plan.hosts.keys().map(|host| compose(scene, host, ["ps"])).collect();
    let ray = ProcessName::Ray.to_string();
    if let Some(head) = head(scene.plan.main()) {
        let status = ["exec", &ray, "ray", "status", "--address", &head];
        commands.push(compose(scene, &scene.plan.main_host, status));
    }
    commands
}

/// Where the head of the host's Ray cluster answers. On a machine with several Rays, Ray does not find the right one.
fn head(host: &HostPlan) -> Option<String> {
    let join = host.ray.as_ref()?.join.clone();
    join.or_else(|| {
        let port = host.port(&Role::Ray(RayPort::Gcs))?;
        Some(format!("{}:{port}", host.own_address()))
    })
}
