//! `<party>/<host>/docker/compose.yaml`: the Ray node and the services of one host as containers.
//!
//! All containers of a host share one network: the machine's own, or, on a bridge, that of a container which does
//! nothing but own the host's address, so that no restart of a program takes the network from the others.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    plan::{ContainerNetwork, Deploy, ServicePlan},
    types::{Port, Span},
};

use super::{
    Effect, File, Files, Kind, OfHost,
    dockerfile::{RUN, WORK},
    engine::Source,
    error::RenderError,
    names::project,
    scene::HostScene,
    systemd::seconds,
};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Install, files };

const TEMPLATE: Source = Source {
    name: "party/host/docker/compose.yaml.hbs",
    text: include_str!("../../templates/party/host/docker/compose.yaml.hbs"),
};

/// The container that owns the address on a bridge. No service is called so: names have no underscore.
const NET: &str = "sfgen_net";

/// Ray ends all of its children within 2 s of SIGTERM (2.42, measured); a loaded machine gets more.
const RAY_GRACE: Span = Span::seconds(20);

/// What Docker gives to a container's `/dev/shm` by default, beside Ray's object store.
const SHM_MARGIN: u64 = 64 << 20;

/// Dials a port of the network that all containers of the host share.
const PROBE: &str =
    "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2).close()";

/// The same in images of which only a shell is known: BusyBox brings nc, the others bring bash.
const SHELL_PROBE: &str =
    "nc -z 127.0.0.1 \"$0\" 2>/dev/null || bash -c ': </dev/tcp/127.0.0.1/\"$0\"' \"$0\"";

#[derive(Serialize)]
struct View {
    project: String,
    containers: Vec<Container>,
    /// The bridge network, which several projects share and none owns.
    network: Option<String>,
    /// Whether Ray's folder is shared between containers.
    has_run: bool,
}

/// One container.
#[derive(Default, Serialize)]
struct Container {
    key: String,
    image: String,
    /// The Dockerfile, where the image is built here.
    dockerfile: Option<String>,
    command: Vec<String>,
    env_file: Option<String>,
    environment: BTreeMap<String, String>,
    /// `host`, or `service:...`; absent for the one that owns an address.
    network_mode: Option<String>,
    address: Option<Address>,
    /// What the machine passes on, at the one that owns an address.
    ports: Vec<String>,
    depends_on: Vec<Dependency>,
    health: Vec<String>,
    grace: Option<String>,
    shm_size: Option<String>,
    /// `shareable` for Ray, Ray's own for programs that join it: they share objects in `/dev/shm`.
    ipc: Option<String>,
    /// Ray's for programs that join it: they look for the node in `/proc`.
    pid: Option<String>,
    init: bool,
    run: Option<&'static str>,
    work: Option<&'static str>,
    /// Certificates and keys outside the folder of the topology, at the same path as on the machine.
    files: Vec<String>,
}

#[derive(Serialize)]
struct Address {
    network: String,
    key: &'static str,
    ip: String,
}

#[derive(Serialize)]
struct Dependency {
    key: String,
    condition: &'static str,
}

fn files(scene: &HostScene<'_>) -> Files {
    let Deploy::Docker { network } = &scene.plan().deploy else { return Ok(Vec::new()) };
    let mut containers: Vec<_> = ray(scene).into_iter().collect();
    for service in &scene.host.services {
        containers.push(of_service(scene, service)?);
    }
    if containers.is_empty() {
        return Ok(Vec::new());
    }
    let network = join_network(scene, network, &mut containers);
    let view = View {
        project: project(&scene.federation().topology, &scene.plan().party),
        has_run: scene.host.ray.is_some(),
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
    let key = if scene.host.address.is_ipv6() { "ipv6_address" } else { "ipv4_address" };
    let address = Address { network: name.to_string(), key, ip: scene.host.address.bare() };
    // Without an image of our own the first service has to own the address.
    let owner = match built(scene) {
        Some(image) => Container {
            key: NET.to_owned(),
            command: ["sleep", "infinity"].map(String::from).into(),
            init: true,
            ..image
        },
        None => containers.remove(0),
    };
    for container in &mut *containers {
        container.network_mode = Some(format!("service:{}", owner.key));
    }
    let ports = scene.host.publish.iter().map(ToString::to_string).collect();
    containers.insert(0, Container { address: Some(address), ports, ..owner });
    Some(name.to_string())
}

/// A container of the image that the Dockerfile describes; `None` where the runtime has no such image.
fn built(scene: &HostScene<'_>) -> Option<Container> {
    scene.plan().secretflow.as_ref()?;
    Some(Container {
        image: project(&scene.federation().topology, &scene.plan().party),
        dockerfile: Some(format!("{}/docker/Dockerfile", scene.name)),
        ..Container::default()
    })
}

/// A container that runs the party's own programs, with the folder of the topology and the runtime's keys.
fn own(scene: &HostScene<'_>) -> Option<Container> {
    let tls = scene.plan().secretflow.as_ref()?.tls.as_ref();
    let paths = tls.into_iter().flat_map(|tls| [&tls.cert, &tls.key]);
    Some(Container {
        env_file: Some(format!("../{}.env", scene.plan().party)),
        work: Some(WORK),
        files: paths.filter(|path| path.is_absolute()).map(ToString::to_string).collect(),
        ..built(scene)?
    })
}

fn ray(scene: &HostScene<'_>) -> Option<Container> {
    let command = scene.host.ray_command(RUN)?;
    let object_store = scene.host.ray.as_ref()?.object_store.bytes();
    Some(Container {
        key: "ray".to_owned(),
        command: command.args,
        // The two variables of the command are in the env file already.
        health: scene.host.ray_ready().map(probe).unwrap_or_default(),
        grace: Some(seconds(RAY_GRACE)),
        shm_size: Some(format!("{}b", object_store.saturating_add(SHM_MARGIN))),
        ipc: Some("shareable".to_owned()),
        init: true,
        run: Some(RUN),
        ..own(scene)?
    })
}

fn of_service(scene: &HostScene<'_>, service: &ServicePlan) -> Result<Container, RenderError> {
    let mut container = match (&service.image, own(scene)) {
        (Some(image), _) => Container { image: image.clone(), init: true, ..Container::default() },
        (None, Some(own)) => own,
        (None, None) => {
            return Err(RenderError::NoImage {
                party: scene.plan().party.clone(),
                host: scene.name.clone(),
                service: service.name.to_string(),
            });
        }
    };
    let joins_ray = service.image.is_none() && service.after.iter().any(|after| after == "ray");
    if joins_ray {
        container.ipc = Some("service:ray".to_owned());
        container.pid = Some("service:ray".to_owned());
        container.run = Some(RUN);
    }
    let health = service.ready.map(|port| match service.image {
        Some(_) => {
            vec!["CMD".into(), "sh".into(), "-c".into(), SHELL_PROBE.into(), port.to_string()]
        }
        None => probe(port),
    });
    Ok(Container {
        key: service.name.to_string(),
        command: service.command.clone(),
        env_file: scene
            .plan()
            .secretflow
            .as_ref()
            .map(|_| format!("../{}.env", scene.plan().party)),
        environment: service.env.clone(),
        depends_on: service.after.iter().map(|after| dependency(scene, after)).collect(),
        health: health.unwrap_or_default(),
        grace: Some(seconds(service.grace)),
        // Ray's own init reaps for those who share its process numbers.
        init: !joins_ray,
        ..container
    })
}

fn dependency(scene: &HostScene<'_>, after: &str) -> Dependency {
    let services = &scene.host.services;
    let service = services.iter().find(|service| service.name.as_str() == after);
    // What is no service is the Ray node, which always has a port to answer at.
    let answers = service.is_none_or(|service| service.ready.is_some());
    let condition = if answers { "service_healthy" } else { "service_started" };
    Dependency { key: after.to_owned(), condition }
}

fn probe(port: Port) -> Vec<String> {
    vec!["CMD".into(), "python".into(), "-c".into(), PROBE.into(), port.to_string()]
}

#[cfg(test)]
mod tests {
    use crate::render::{RenderError, samples};

    fn compose(sample: &samples::Sample, path: &str) -> String {
        let tree = sample.render().unwrap();
        String::from_utf8(tree.get(path).unwrap().bytes.clone()).unwrap()
    }

    #[test]
    fn ray_and_services_share_the_machines_network() {
        insta::assert_snapshot!(compose(&samples::production(), "bob/bob-1/docker/compose.yaml"));
    }

    #[test]
    fn on_a_bridge_one_container_owns_the_address() {
        let text = compose(&samples::simulation(), "alice/alice-1/docker/compose.yaml");
        assert_eq!(text.matches("ipv4_address: \"192.168.0.10\"").count(), 1);
        assert_eq!(text.matches("network_mode: \"service:sfgen_net\"").count(), 1);
        assert!(text.contains("    external: true"), "{text}");
    }

    #[test]
    fn the_container_that_owns_the_address_publishes_ports() {
        let text = compose(&samples::simulation(), "alice/alice-1/docker/compose.yaml");
        let ports =
            "    ports:\n      - \"6080:1080\"\n      - \"127.0.0.1:8075-8077:8075-8077\"\n";
        let (owner, others) = text.split_once("  \"ray\":\n").unwrap();
        assert!(owner.contains(ports) && !others.contains("    ports:\n"), "{text}");
        let bob = compose(&samples::simulation(), "bob/bob-1/docker/compose.yaml");
        assert!(!bob.contains("    ports:\n"), "{bob}");
    }

    #[test]
    fn a_service_without_an_image_needs_a_runtime_that_has_one() {
        let why = samples::embedded().render_with_docker().unwrap_err();
        assert!(matches!(why, RenderError::NoImage { .. }), "{why}");
    }
}
