//! `deploy "docker"`: a compose file and a Dockerfile per host.

mod compose;
mod dockerfile;
mod volumes;

use crate::{
    plan::{HostPlan, Process, located},
    render::{command::Command, scene::PartyScene},
    types::{HostName, JobName, ProcessName},
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
    scene.plan.hosts.keys().map(|host| compose(scene, host, ["ps"])).collect()
}
