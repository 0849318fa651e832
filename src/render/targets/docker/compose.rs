//! `<party>/<host>/docker/compose.yaml`: the Ray node and the services of one host as containers.
//!
//! All containers of a host share one network: the machine's own, or, on a bridge, that of a container which does
//! nothing but own the host's address, so that no restart of a program takes the network from the others.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::{
    plan::{
        Access, ContainerNetwork, Deploy, Effect, Location, NET_CONTAINER, PathUse, Process,
        Readiness, RunsAs, compose_project, located, project,
    },
    render::{
        artifact::{File, Files, Kind, OfHost},
        scene::HostScene,
        source::{Readers, Source},
        spell::seconds,
    },
    types::{Port, ProcessName},
};

use super::volumes::{self, MountView, SecretView, VolumeView};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Install, files };

const TEMPLATE: Source = Source {
    name: "party/host/docker/compose.yaml.hbs",
    text: include_str!("../../../../templates/party/host/docker/compose.yaml.hbs"),
    makes: "PARTY/HOST/docker/compose.yaml",
    purpose: "the containers of a host",
    readers: Readers::Machines,
    view: || schema_for!(View),
};

/// What Docker gives to a container's `/dev/shm` by default, beside Ray's object store.
const SHM_MARGIN: u64 = 64 << 20;

/// Dials a port of the network that all containers of the host share.
const PROBE: &str =
    "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2).close()";

/// The same in images of which only a shell is known: most bring bash, the others an `nc` of BusyBox, which does not know
/// `-z` in each of its builds.
const SHELL_PROBE: &str = "command -v bash >/dev/null && exec bash -c ': </dev/tcp/127.0.0.1/\"$0\"' \"$0\"; \
    nc -z 127.0.0.1 \"$0\" 2>/dev/null || nc 127.0.0.1 \"$0\" -e true";

#[derive(Serialize, JsonSchema)]
struct View {
    /// The name of the Compose project.
    project: String,
    /// The containers, each after those that it waits for.
    containers: Vec<Container>,
    /// The bridge network, which several projects share and none owns.
    network: Option<String>,
    /// The names of all containers' volumes.
    volumes: BTreeSet<String>,
    /// The secrets of all containers.
    secrets: Vec<SecretView>,
}

/// One container.
#[derive(Default, Serialize, JsonSchema)]
struct Container {
    /// Its name in the compose file.
    key: String,
    /// Its image.
    image: String,
    /// The Dockerfile, where the image is built here.
    dockerfile: Option<String>,
    /// The folder of wheels that the build is given.
    wheels: Option<String>,
    /// The number of the account in it.
    user: Option<String>,
    /// The folder in which the command runs.
    folder: Option<String>,
    /// Its command line.
    command: Vec<String>,
    /// Files with variables; of several that set one, the last counts.
    env_files: Vec<String>,
    /// Its own variables.
    environment: BTreeMap<String, String>,
    /// `host`, or `service:...`; absent for the one that owns an address.
    network_mode: Option<String>,
    /// The address on a bridge, of the container that owns it.
    address: Option<Address>,
    /// What the machine passes on, at the one that owns an address.
    ports: Vec<String>,
    /// What must be up before.
    depends_on: Vec<Dependency>,
    /// How Docker sees whether it is well.
    health: Option<Health>,
    /// How long it may take to stop.
    grace: Option<String>,
    /// The size of its `/dev/shm`.
    shm_size: Option<String>,
    /// How many GPUs the machine lends to Ray's container, which sees none otherwise.
    gpus: Option<u32>,
    /// `shareable` for Ray, Ray's own for programs that join it: they share objects in `/dev/shm`.
    ipc: Option<String>,
    /// Ray's for programs that join it: they look for the node in `/proc`.
    pid: Option<String>,
    /// Whether Docker starts a process that reaps what programs leave.
    init: bool,
    /// Whether its image cannot be written to.
    read_only: bool,
    /// Folders in memory, with their options.
    tmpfs: Vec<String>,
    /// Volumes with a name.
    volumes: Vec<VolumeView>,
    /// Where it sees the folder of the topology.
    root: Option<String>,
    /// Certificates and keys outside the folder of the topology, at the same path as on the machine.
    files: Vec<String>,
    /// Data of the machine.
    mounts: Vec<MountView>,
    /// Whether there is anything of `root`, `files`, `mounts` and `volumes`.
    has_volumes: bool,
    /// Secrets of the machine.
    secrets: Vec<SecretView>,
}

#[derive(Serialize, JsonSchema)]
struct Address {
    /// The network.
    network: String,
    /// `ipv4_address` or `ipv6_address`.
    key: &'static str,
    /// The address.
    ip: String,
}

#[derive(Serialize, JsonSchema)]
struct Dependency {
    /// The other container.
    key: String,
    /// How it must be: `service_healthy` or `service_started`.
    condition: &'static str,
}

/// A check that fails for as long as the program does not answer; until `within` is over, that is no failure.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// The command, which succeeds where it is well.
    test: Vec<String>,
    /// How long it may take to become ready.
    within: String,
}

fn files(scene: &HostScene<'_>) -> Files {
    let Deploy::Docker { network, .. } = &scene.plan().deploy else { return Ok(Vec::new()) };
    let processes = scene.host.processes.iter().filter(|process| process.is_kept_up());
    let mut containers: Vec<_> = processes.map(|process| of_process(scene, process)).collect();
    if containers.is_empty() {
        return Ok(Vec::new());
    }
    let network = join_network(scene, network, &mut containers);
    let view = View {
        project: compose_project(&scene.federation().topology, scene.plan(), scene.name),
        volumes: containers
            .iter()
            .flat_map(|container| &container.volumes)
            .map(|v| v.name.clone())
            .collect(),
        secrets: containers.iter().flat_map(|container| container.secrets.clone()).collect(),
        containers,
        network,
    };
    Ok(vec![File::new("docker/compose.yaml", scene.fill(TEMPLATE, &view)?)])
}

/// Puts all containers into one network namespace; returns the name of the bridge.
fn join_network(
    scene: &HostScene<'_>,
    network: &ContainerNetwork,
    containers: &mut Vec<Container>,
) -> Option<String> {
    let ContainerNetwork::Bridge { name, .. } = network else {
        for container in containers {
            container.network_mode = Some("host".to_owned());
        }
        return None;
    };
    let key = if scene.host.own_address().is_ipv6() { "ipv6_address" } else { "ipv4_address" };
    let address = Address { network: name.to_string(), key, ip: scene.host.own_address().bare() };
    // Without an image of our own the first service has to own the address.
    let owner = if scene.plan().secretflow.is_some() {
        Container {
            key: NET_CONTAINER.to_owned(),
            command: ["sleep", "infinity"].map(String::from).into(),
            init: true,
            ..built(scene)
        }
    } else {
        containers.remove(0)
    };
    for container in &mut *containers {
        container.network_mode = Some(format!("service:{}", owner.key));
    }
    let ports = scene.host.publish.iter().map(ToString::to_string).collect();
    containers.insert(0, Container { address: Some(address), ports, ..owner });
    Some(name.to_string())
}

/// A container of the image that the topology names, else of the one that the Dockerfile describes. Nothing that runs in
/// it writes to the image.
fn built(scene: &HostScene<'_>) -> Container {
    let read_only = Container {
        read_only: true,
        tmpfs: volumes::temporary(&scene.host.locations),
        ..Container::default()
    };
    if let Deploy::Docker { image: Some(image), .. } = &scene.plan().deploy {
        return Container { image: image.to_string(), ..read_only };
    }
    let secretflow = scene.plan().secretflow.as_ref();
    let wheels = secretflow.and_then(|secretflow| secretflow.software.source.wheels.as_ref());
    Container {
        image: project(&scene.federation().topology, &scene.plan().party),
        dockerfile: Some(format!("{}/docker/Dockerfile", scene.name)),
        wheels: wheels.map(ToString::to_string),
        ..read_only
    }
}

fn of_process(scene: &HostScene<'_>, process: &Process) -> Container {
    let locations = &scene.host.locations;
    let base = match &process.image {
        Some(image) => Container { image: image.to_string(), ..Container::default() },
        None => built(scene),
    };
    let ray = ProcessName::Ray.to_string();
    let joins = process.joins_ray.then(|| format!("service:{ray}"));
    let node = scene.host.ray.as_ref().filter(|_| process.is_ray());
    let root = locations.get(&Location::Root).cloned().unwrap_or_default();
    let of_installation = |used: &&PathUse| used.mounted_at.is_none();
    let own = process.paths.iter().filter(of_installation);
    let reads = own.filter(|used| used.access == Access::Read);
    let reads = reads.map(|used| located(&used.path, locations));
    let files: Vec<_> = reads.filter(|path| !path.starts_with(&root)).collect();
    let volumes = volumes::volumes(process, locations);
    let root =
        process.paths(Access::Read).any(|path| *path == Location::Root.word()).then_some(root);
    let mounts = volumes::mounts(process, locations);
    let own_files = process.env_files.iter().map(ToString::to_string);
    let of_host =
        (!scene.host.variables.is_empty()).then(|| format!("../{}.env", scene.plan().party));
    Container {
        key: process.name.to_string(),
        user: match &process.account {
            RunsAs::Number(number) => Some(number.to_string()),
            RunsAs::Caller | RunsAs::Account(_) | RunsAs::Image => None,
        },
        folder: process.folder.and_then(|folder| locations.get(&folder)).cloned(),
        command: process.command.iter().map(|word| located(word, locations)).collect(),
        env_files: own_files.chain(of_host).collect(),
        environment: environment(scene, process),
        depends_on: process.after.iter().map(|after| dependency(scene, after)).collect(),
        health: process.ready.map(|ready| health(process, ready)),
        grace: Some(seconds(process.grace)),
        shm_size: node
            .map(|ray| format!("{}b", ray.object_store.bytes().saturating_add(SHM_MARGIN))),
        gpus: node.and_then(|ray| ray.gpus).filter(|gpus| *gpus > 0),
        ipc: joins.clone().or_else(|| process.is_ray().then(|| "shareable".to_owned())),
        // Ray's own init reaps for those who share its process numbers.
        init: joins.is_none(),
        pid: joins,
        has_volumes: root.is_some()
            || !volumes.is_empty()
            || !files.is_empty()
            || !mounts.is_empty(),
        volumes,
        root,
        files,
        mounts,
        secrets: volumes::secrets(process),
        ..base
    }
}

/// What the env file does not say already.
fn environment(scene: &HostScene<'_>, process: &Process) -> BTreeMap<String, String> {
    let values = process.env.iter();
    let values = values.map(|(name, value)| (name.clone(), located(value, &scene.host.locations)));
    let is_said = |(name, value): &(String, String)| {
        scene.host.variables.iter().any(|one| one.name == *name && one.value == *value)
    };
    values.filter(|pair| !is_said(pair)).collect()
}

fn dependency(scene: &HostScene<'_>, after: &ProcessName) -> Dependency {
    let answers = scene.host.process(after).is_some_and(|process| process.ready.is_some());
    let condition = if answers { "service_healthy" } else { "service_started" };
    Dependency { key: after.to_string(), condition }
}

fn health(process: &Process, Readiness { port, within }: Readiness) -> Health {
    let words = |words: &[&str], port: Port| {
        words.iter().map(ToString::to_string).chain([port.to_string()]).collect()
    };
    let test = match process.image {
        Some(_) => words(&["CMD", "sh", "-c", SHELL_PROBE], port),
        None => words(&["CMD", "python", "-c", PROBE], port),
    };
    Health { test, within: seconds(within) }
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    #[test]
    fn ray_and_services_share_the_machines_network() {
        insta::assert_snapshot!(samples::production().file("bob/bob-1/docker/compose.yaml"));
    }

    #[test]
    fn what_runs_in_the_party_s_image_writes_to_volumes_and_memory_only() {
        for text in [
            samples::production().file("bob/bob-1/docker/compose.yaml"),
            samples::simulation().file("alice/alice-1/docker/compose.yaml"),
        ] {
            let own = text.matches("      dockerfile:").count();
            assert_eq!(text.matches("    read_only: true\n    tmpfs:\n").count(), own, "{text}");
            assert!(
                text.contains("        source: \"logs\"\n        target: \"/var/log/sfgen\"\n")
            );
        }
    }

    #[test]
    fn data_of_a_well_known_image_has_a_volume_with_a_name_unless_it_is_mounted() {
        let text = samples::production().file("bob/bob-1/docker/compose.yaml");
        assert!(
            text.contains("        source: \"redis-data\"\n        target: \"/data\"\n"),
            "{text}"
        );
        assert!(text.contains("volumes:\n  \"logs\": {}\n  \"redis-data\": {}\n  \"run\": {}\n"));
    }

    #[test]
    fn on_a_bridge_one_container_owns_the_address() {
        let text = samples::simulation().file("alice/alice-1/docker/compose.yaml");
        assert_eq!(text.matches("ipv4_address: \"192.168.0.10\"").count(), 1);
        assert_eq!(text.matches("network_mode: \"service:sfgen_net\"").count(), 1);
        assert!(text.contains("    external: true"), "{text}");
    }

    #[test]
    fn the_container_that_owns_the_address_publishes_ports() {
        let text = samples::simulation().file("alice/alice-1/docker/compose.yaml");
        let ports =
            "    ports:\n      - \"6080:1080\"\n      - \"127.0.0.1:8075-8077:8075-8077\"\n";
        let (owner, others) = text.split_once("  \"ray\":\n").unwrap();
        assert!(owner.contains(ports) && !others.contains("    ports:\n"), "{text}");
        let bob = samples::simulation().file("bob/bob-1/docker/compose.yaml");
        assert!(!bob.contains("    ports:\n"), "{bob}");
    }
}
