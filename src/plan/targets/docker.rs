//! `deploy "docker"`: containers of one image, in which the folder of the topology is mounted.

use crate::{
    model::{self, Topology},
    plan::{Action, ContainerNetwork, Deploy, Location, Locations, Process, RunsAs, Stage, Step},
    types::{MachinePath, SecretName},
};

use super::{
    files::{check_access, grant_read, grant_secrets},
    target::{Reader, Scope, TREE, Target},
};

pub(super) const TARGET: Target = Target {
    account: |_| RunsAs::Number(UID),
    launcher_account: |_| RunsAs::Number(UID),
    locations: |_| locations(),
    launcher_locations: |_| Locations::new(),
    secret,
    identity: |_, _| None,
    steps,
};

/// The account in the image. A fixed number, so that a key on the machine can be made readable to it.
pub const UID: u32 = 10001;

/// Where the containers see the folder of the topology.
const ROOT: &str = "/srv/sfgen";

/// What the topology says of the containers.
pub(super) fn deploy(topology: &Topology, deploy: &model::Deploy) -> Deploy {
    let bridge = deploy.bridge().and_then(|name| topology.networks.get_key_value(name.value));
    let bridge = bridge.and_then(|(name, network)| {
        let subnet = network.subnet.as_ref()?.value;
        Some(ContainerNetwork::Bridge { name: name.clone(), subnet })
    });
    let image = deploy.image().cloned();
    Deploy::Docker { network: bridge.unwrap_or(ContainerNetwork::Host), image }
}

fn locations() -> Locations {
    Locations::from([
        (Location::Root, ROOT.to_owned()),
        (Location::Tree, format!("{ROOT}/{TREE}")),
        (Location::Home, "/home/sfgen".to_owned()),
        (Location::Run, "/run/sfgen".to_owned()),
        (Location::Logs, "/var/log/sfgen".to_owned()),
        (Location::Sfgen, "/usr/local/bin/sfgen".to_owned()),
    ])
}

/// Where Compose puts a secret.
fn secret(_: Reader<'_>, name: &SecretName, _: &MachinePath) -> MachinePath {
    format!("/run/secrets/{name}").parse().expect("a name is plain")
}

fn steps(scope: &Scope<'_>) -> Vec<Step> {
    let mut steps: Vec<_> = scope.firewall().into_iter().collect();
    if !scope.host.processes.iter().any(Process::is_kept_up) {
        return steps;
    }
    let mut install = |action| steps.push(Step { stage: Stage::Install, action });
    if let Deploy::Docker { network: ContainerNetwork::Bridge { name, subnet }, .. } =
        &scope.plan.deploy
    {
        install(Action::CreateNetwork { network: name.clone(), subnet: *subnet });
    }
    let compose = scope.folder().join("docker/compose.yaml");
    let tls = scope.plan.secretflow.as_ref().and_then(|secretflow| secretflow.tls.as_ref());
    let user = UID.to_string();
    let key = tls.into_iter().flat_map(|tls| grant_read(&tls.key, &user));
    let secrets = grant_secrets(scope, &user, |_| true);
    for action in key.chain(secrets).chain(check_access(scope, &user)) {
        install(action);
    }
    let is_built = matches!(&scope.plan.deploy, Deploy::Docker { image: None, .. });
    install(if scope.plan.secretflow.is_some() && is_built {
        Action::BuildImages { compose: compose.clone() }
    } else {
        Action::CreateContainers { compose: compose.clone() }
    });
    steps.push(Step { stage: Stage::Start, action: Action::StartContainers { compose } });
    steps
}
