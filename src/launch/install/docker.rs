//! `deploy "docker"`: containers that Compose makes and Docker keeps up.
//!
//! Compose decides which containers its file changes; it is asked before anything is done, and it alone carries that
//! out. How the containers are is read from the engine.

mod engine;

use std::{collections::BTreeSet, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};

use self::engine::{containers, docker, recreated};
use super::{
    InstallError,
    difference::{Change, Seen},
    machine::Machine,
    site::{Site, ran},
    states::{Phase, ProcessState},
    target::Target,
};
use crate::{
    plan::{Action, NET_CONTAINER, Process, Stage, compose_project, project},
    types::NetworkName,
};

pub(super) const TARGET: Target = Target {
    seen,
    made_from,
    restarts,
    leftovers,
    retire: |_, _| Ok(()),
    bring_up,
    states,
    last_lines,
    look: |container| format!("docker logs {container}"),
};

/// The compose file of the host; `None` where nothing is kept up there.
fn compose_file(site: &Site<'_>) -> Option<Utf8PathBuf> {
    site.steps(Stage::Start).find_map(|step| match step.action {
        Action::StartContainers { compose } => Some(compose),
        _ => None,
    })
}

fn project_name(site: &Site<'_>) -> String {
    compose_project(&site.side.federation.topology, &site.side.plan, &site.side.host_name)
}

/// The processes that containers keep up on the host, with the names that Compose gives to their containers.
fn planned<'a>(site: &'a Site<'_>) -> impl Iterator<Item = (String, &'a Process)> {
    let project = project_name(site);
    let kept_up = site.side.host().processes.iter().filter(|process| process.is_kept_up());
    kept_up.map(move |process| (format!("{project}-{}-1", process.name), process))
}

fn seen(site: &Site<'_>, action: &Action) -> Result<Seen, InstallError> {
    match action {
        Action::CreateNetwork { network, .. } => {
            // Each party that uses a network of sfgen's records it, and the last one removes it. Another's stays.
            Ok(match network_ids(site.machine, network, &["--filter", "label=sfgen"])? {
                ids if !ids.is_empty() => Seen::Untold,
                _ if has_network(site.machine, network)? => Seen::AsPlanned,
                _ => Seen::Absent,
            })
        }
        Action::BuildImages { .. } => {
            let own = project(&site.side.federation.topology, site.side.party());
            let step = format!("see whether there is an image {own}");
            let ids = docker(site.machine, &step, &["images", "--quiet", &own])?;
            // What it was built from is known to the record.
            Ok(if ids.trim().is_empty() { Seen::Absent } else { Seen::Untold })
        }
        _ => Ok(Seen::Untold),
    }
}

/// An image is built from its Dockerfile and the lists of packages.
fn made_from(site: &Site<'_>, action: &Action) -> Result<Vec<u8>, InstallError> {
    let Action::BuildImages { compose } = action else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    let folder = compose.parent().unwrap_or(compose);
    let dockerfile = folder.join("Dockerfile");
    if dockerfile.exists() {
        bytes.extend(crate::fs::read(&dockerfile)?);
    }
    let secretflow = site.side.plan.secretflow.iter();
    for name in secretflow.flat_map(|secretflow| secretflow.software.files()) {
        bytes.extend(site.side.own_file(name).unwrap_or_default());
    }
    Ok(bytes)
}

/// Compose says which containers it would make again; with a new image that is all that are of it.
fn restarts(site: &Site<'_>, changes: &[Change]) -> Result<BTreeSet<String>, InstallError> {
    let Some(file) = compose_file(site) else { return Ok(BTreeSet::new()) };
    if containers(site.machine, &project_name(site))?.is_empty() {
        return Ok(BTreeSet::new());
    }
    let builds = changes.iter().any(|change| {
        matches!(change, Change::Do { step, .. } if matches!(step.action, Action::BuildImages { .. }))
    });
    let of_image = planned(site).filter(|(_, process)| builds && process.image.is_none());
    let mut all: BTreeSet<String> = of_image.map(|(name, _)| name).collect();
    let words = ["docker", "compose", "-f", file.as_str(), "--dry-run", "create", "--no-build"];
    let step = "see which containers differ from the plan";
    let ran = ran(site.machine, step, &words.map(String::from), Utf8Path::new("/"))?;
    all.extend(recreated(&ran.stderr));
    Ok(all)
}

/// Containers of services that are planned no more. The one that owns the address on a bridge is no process.
fn leftovers(site: &Site<'_>) -> Result<BTreeSet<String>, InstallError> {
    let project = project_name(site);
    let mut known: Vec<_> = planned(site).map(|(name, _)| name).collect();
    known.push(format!("{project}-{NET_CONTAINER}-1"));
    let found = containers(site.machine, &project)?.into_iter().map(|container| container.name);
    Ok(found.filter(|name| !known.contains(name)).collect())
}

/// Compose leaves a container alone that runs, also where its check has failed for good; so such a one is stopped before.
/// Where a container on which others wait does not become healthy, Compose fails after it has started it; what is ill is
/// then told by the look at all of them that follows.
fn bring_up(site: &Site<'_>, _: &BTreeSet<String>) -> Result<(), InstallError> {
    let Some(file) = compose_file(site) else { return Ok(()) };
    for state in states(site)?.iter().filter(|state| state.phase == Phase::Failed) {
        let step = format!("stop {}", state.name);
        docker(site.machine, &step, &["container", "stop", &state.name])?;
    }
    let words =
        ["compose", "-f", file.as_str(), "up", "--detach", "--no-build", "--remove-orphans"];
    let Err(why) = docker(site.machine, "start the containers", &words) else { return Ok(()) };
    let is_under_way =
        |state: &ProcessState| matches!(state.phase, Phase::Failed | Phase::Starting);
    if states(site)?.iter().any(is_under_way) { Ok(()) } else { Err(why) }
}

fn states(site: &Site<'_>) -> Result<Vec<ProcessState>, InstallError> {
    let found = containers(site.machine, &project_name(site))?;
    let state = |(name, process): (String, &Process)| {
        let container = found.iter().find(|container| container.name == name);
        let starts = process.restart.map_or(u32::MAX, |restart| restart.starts);
        ProcessState {
            phase: container.map_or(Phase::Down, |container| container.phase(starts)),
            restarts: container.map_or(0, |container| container.restarts),
            within: process.ready.map_or(Duration::ZERO, |ready| ready.within.get()),
            name,
        }
    };
    Ok(planned(site).map(state).collect())
}

fn network_ids(
    machine: &dyn Machine,
    network: &NetworkName,
    more: &[&str],
) -> Result<Vec<String>, InstallError> {
    let step = format!("see whether there is a network {network}");
    let name = format!("name=^{network}$");
    let words = [&["network", "ls", "--quiet", "--filter", &name], more].concat();
    Ok(docker(machine, &step, &words)?.split_whitespace().map(str::to_owned).collect())
}

/// Whether there is a network of that name.
pub(super) fn has_network(
    machine: &dyn Machine,
    network: &NetworkName,
) -> Result<bool, InstallError> {
    Ok(!network_ids(machine, network, &[])?.is_empty())
}

/// Whether a network is there and nobody uses it: parties of one machine share it.
pub(super) fn is_unused(
    machine: &dyn Machine,
    network: &NetworkName,
) -> Result<bool, InstallError> {
    let ids = network_ids(machine, network, &[])?;
    let Some(id) = ids.first() else { return Ok(false) };
    let step = format!("see who uses the network {network}");
    let users = ["network", "inspect", "--format", "{{len .Containers}}", id];
    Ok(docker(machine, &step, &users)?.trim() == "0")
}

/// So many lines of a container are shown.
const LINES: usize = 10;

/// What its health check said last, if it has one: a program that works may be one that the check does not reach.
const CHECK: &str = "{{with .State.Health}}{{range .Log}}{{.Output}}{{end}}{{end}}";

fn last_lines(site: &Site<'_>, container: &str) -> Vec<String> {
    let run = |words: &[&str]| {
        site.machine
            .run(&words.iter().copied().map(String::from).collect::<Vec<_>>(), Utf8Path::new("/"))
    };
    let tail = LINES.to_string();
    let Ok(logs) = run(&["docker", "logs", "--tail", &tail, container]) else { return Vec::new() };
    let lines: Vec<_> = logs.stdout.lines().chain(logs.stderr.lines()).map(str::to_owned).collect();
    let mut lines = lines[lines.len().saturating_sub(LINES)..].to_vec();
    let check = run(&["docker", "container", "inspect", "--format", CHECK, container]);
    let said =
        check.ok().and_then(|check| Some(check.stdout.trim_end().lines().last()?.to_owned()));
    lines.extend(said.map(|said| format!("its health check: {said}")));
    lines
}
