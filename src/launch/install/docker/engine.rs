//! Asking Docker, and what it and Compose print about containers.

use camino::Utf8Path;
use serde::Deserialize;

use crate::launch::install::{InstallError, machine::Machine, site::command, states::Phase};

/// Runs `docker` with these words, which does what `step` says; returns what it printed.
pub(super) fn docker(
    machine: &dyn Machine,
    step: &str,
    words: &[&str],
) -> Result<String, InstallError> {
    let words = std::iter::once("docker").chain(words.iter().copied());
    command(machine, step, &words.map(String::from).collect::<Vec<_>>(), Utf8Path::new("/"))
}

/// A container of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Container {
    /// Its name.
    pub(super) name: String,
    /// How often Docker has started it again.
    pub(super) restarts: u32,
    status: String,
    /// What its health check says; `None` where it has none.
    health: Option<String>,
}

/// What `docker inspect` prints of it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    name: String,
    restart_count: u32,
    state: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
    health: Option<Health>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: String,
}

impl Container {
    /// How it is, where so many starts in a row count as failed. A check counts only once the time to become ready is over,
    /// so an unhealthy container did not become ready in its time, or is ready no more.
    pub(super) fn phase(&self, starts: u32) -> Phase {
        match (self.status.as_str(), self.health.as_deref()) {
            ("running", None | Some("healthy")) => Phase::Ready,
            ("running", Some("unhealthy")) => Phase::Failed,
            // The engine waits longer before each start, and gives up never.
            ("restarting", _) if self.restarts >= starts => Phase::Failed,
            ("running" | "restarting", _) => Phase::Starting,
            _ => Phase::Down,
        }
    }
}

/// The containers of a project, on whichever host of its party they are planned.
pub(super) fn containers(
    machine: &dyn Machine,
    project: &str,
) -> Result<Vec<Container>, InstallError> {
    let step = "see which containers there are";
    let label = format!("label=com.docker.compose.project={project}");
    let ids = docker(machine, step, &["ps", "--all", "--quiet", "--filter", &label])?;
    let ids: Vec<_> = ids.split_whitespace().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut words = vec!["container", "inspect"];
    words.extend(ids);
    read(&docker(machine, step, &words)?, step)
}

/// Reads what `docker container inspect` prints.
fn read(printed: &str, step: &str) -> Result<Vec<Container>, InstallError> {
    let read: Vec<Inspected> = serde_json::from_str(printed).map_err(|why| InstallError::Step {
        step: step.to_owned(),
        command: "docker container inspect".to_owned(),
        why: why.to_string(),
    })?;
    let containers = read.into_iter().map(|Inspected { name, restart_count, state }| Container {
        name: name.trim_start_matches('/').to_owned(),
        restarts: restart_count,
        status: state.status,
        health: state.health.map(|health| health.status),
    });
    Ok(containers.collect())
}

/// The containers that Compose would make again, from what it says in a dry run.
pub(super) fn recreated(said: &str) -> impl Iterator<Item = String> {
    said.lines().filter_map(|line| {
        let (_, container) = line.split_once(" Container ")?;
        let (name, what) = container.trim().split_once(char::is_whitespace)?;
        (what.trim() == "Recreate").then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(status: &str, health: Option<&str>, restarts: u32) -> Container {
        let health = health.map(str::to_owned);
        Container { name: "a".to_owned(), restarts, status: status.to_owned(), health }
    }

    #[test]
    fn a_container_is_ready_when_it_runs_and_its_check_if_it_has_one_says_so() {
        let phase = |status, health, restarts| container(status, health, restarts).phase(5);
        assert_eq!(phase("running", None, 0), Phase::Ready);
        assert_eq!(phase("running", Some("healthy"), 9), Phase::Ready);
        assert_eq!(phase("running", Some("starting"), 0), Phase::Starting);
        assert_eq!(phase("restarting", None, 4), Phase::Starting);
        assert_eq!(phase("restarting", None, 5), Phase::Failed);
        assert_eq!(phase("running", Some("unhealthy"), 0), Phase::Failed);
        assert_eq!(phase("exited", Some("unhealthy"), 0), Phase::Down);
        assert_eq!(phase("created", None, 0), Phase::Down, "what it waits for is not healthy");
    }

    #[test]
    fn what_the_engine_prints_of_containers_is_read() {
        let printed = r#"[
            {"Name": "/a-ray-1", "RestartCount": 2, "State": {"Status": "running", "Health": {"Status": "healthy", "Log": []}}},
            {"Name": "/a-redis-1", "RestartCount": 0, "State": {"Status": "exited", "ExitCode": 1}}
        ]"#;
        let mut ray = container("running", Some("healthy"), 2);
        ray.name = "a-ray-1".to_owned();
        let mut redis = container("exited", None, 0);
        redis.name = "a-redis-1".to_owned();
        assert_eq!(read(printed, "").unwrap(), [ray, redis]);
    }

    #[test]
    fn only_what_compose_makes_again_is_started_anew() {
        let said = " DRY-RUN MODE -  Container a-ray-1  Recreate \n DRY-RUN MODE -  Container a-ray-1  Recreated \n \
            DRY-RUN MODE -  Container 17_a-ray-1  Starting \n DRY-RUN MODE -  Container a-redis-1  Running \n";
        assert_eq!(recreated(said).collect::<Vec<_>>(), ["a-ray-1"]);
    }
}
