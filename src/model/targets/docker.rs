//! `deploy "docker" network=... { publish ... }`: Docker keeps the processes up, as containers of a compose file.

use crate::{
    diag::{Finding, Spanned},
    model::network::DockerNetwork,
    syntax::Cursor,
    types::{Image, NetworkName, PortMapping, TargetName},
};

use super::target::{Keeper, OTHER_TARGET, Target};

pub(super) const TARGET: Target = Target {
    name: TargetName::Docker,
    properties: &["network", "image"],
    children: &["publish"],
    has_launcher: true,
    brings_ray: false,
    keeper: Keeper::Containers,
};

/// What Docker is told.
#[derive(Clone, Debug)]
pub struct Docker {
    /// The network that the containers join.
    pub network: Spanned<DockerNetwork>,
    /// The image for all that has none of its own; one is built where it is not written.
    pub image: Option<Spanned<Image>>,
    /// Ports that the machine passes on, on a `network` node only.
    pub publish: Vec<Spanned<PortMapping>>,
}

impl Docker {
    pub(super) fn read(target: Spanned<TargetName>, cursor: &mut Cursor<'_>) -> Option<Self> {
        let network = cursor.prop("network");
        // Whether ports may be published depends on a network whose name could not be read.
        if network.is_none() && (cursor.node.prop("network").is_some() || !cursor.node.is_whole) {
            return None;
        }
        let network = network.unwrap_or_else(|| cursor.default_prop("network", target.span));
        let mut docker = Self { network, image: cursor.prop("image"), publish: Vec::new() };
        docker.read_published(cursor);
        Some(docker)
    }

    /// The `network` node that the containers join; `None` for the machine's own network.
    pub(super) fn bridge(&self) -> Option<Spanned<&NetworkName>> {
        match &self.network.value {
            DockerNetwork::Machine => None,
            DockerNetwork::Bridge(name) => Some(Spanned::new(name, self.network.span)),
        }
    }

    /// Reads the `publish` children, which only containers on a bridge can have.
    fn read_published(&mut self, cursor: &mut Cursor<'_>) {
        let node = cursor.node;
        let Some(first) = node.child("publish") else { return };
        if self.bridge().is_some() {
            let all = node.children_named("publish");
            self.publish.extend(all.flat_map(|child| cursor.at(child).args()));
            return;
        }
        let finding = Finding::error(OTHER_TARGET, "only containers on a bridge publish ports")
            .label(first.span(), "this would have no effect")
            .label(self.network.span, "on the machine's own network, all of its ports are open")
            .help("drop `publish`, or name a `network` node: `network=\"sfnet\"`");
        cursor.findings.push(finding);
    }
}
