//! `deploy "systemd" user=... home=...`, `deploy "docker" network=... { publish ... }` and their kin: how a party's
//! processes are started.

use crate::{
    diag::{Code, Finding, Spanned},
    syntax::Cursor,
    types::{Account, Home, NetworkName, PortMapping, TargetName},
};

use super::{DockerNetwork, Kuscia};

/// A property or child that another target has, or another network of the same one.
const OTHER_TARGET: Code = Code("SF0012");

/// How a party's processes are started.
#[derive(Clone, Debug)]
pub enum Deploy {
    /// By `sfgen apply` itself.
    Process,
    /// By systemd.
    Systemd {
        /// The account that runs everything.
        user: Spanned<Account>,
        /// Its folder; the virtual environment is in `venv` there.
        home: Spanned<Home>,
    },
    /// By Docker.
    Docker {
        /// The network that the containers join.
        network: Spanned<DockerNetwork>,
        /// Ports that the machine passes on, on a `network` node only.
        publish: Vec<Spanned<PortMapping>>,
    },
    /// By Kuscia.
    Kuscia(Kuscia),
}

/// The targets with the properties that each of them has.
const TARGETS: [(TargetName, &[&str]); 4] = [
    (TargetName::Process, &[]),
    (TargetName::Systemd, &["user", "home"]),
    (TargetName::Docker, &["network"]),
    (TargetName::Kuscia, &["protocol", "gateway", "endpoint"]),
];

impl Deploy {
    /// The `network` node that containers join; `None` for the machine's own network and for other targets.
    #[must_use]
    pub fn bridge(&self) -> Option<Spanned<&NetworkName>> {
        match self {
            Self::Docker { network, .. } => match &network.value {
                DockerNetwork::Machine => None,
                DockerNetwork::Bridge(name) => Some(Spanned::new(name, network.span)),
            },
            Self::Process | Self::Systemd { .. } | Self::Kuscia(_) => None,
        }
    }

    /// The ports that the machine passes on to the party's containers.
    #[must_use]
    pub fn published(&self) -> &[Spanned<PortMapping>] {
        match self {
            Self::Docker { publish, .. } => publish,
            Self::Process | Self::Systemd { .. } | Self::Kuscia(_) => &[],
        }
    }

    /// The folder of the party's installation, where the target has one.
    #[must_use]
    pub fn home(&self) -> Option<&Home> {
        match self {
            Self::Systemd { home, .. } => Some(&home.value),
            Self::Process | Self::Docker { .. } | Self::Kuscia(_) => None,
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let target = cursor.arg::<TargetName>(0)?;
        refuse_properties(target, cursor);
        let deploy = match target.value {
            TargetName::Systemd => Self::Systemd {
                user: cursor.prop_or_default("user"),
                home: cursor.prop_or_default("home"),
            },
            TargetName::Docker => {
                let network = cursor.prop("network");
                // Whether ports may be published depends on a network whose name could not be read.
                if network.is_none() && cursor.node.prop("network").is_some() {
                    return None;
                }
                let network =
                    network.unwrap_or_else(|| cursor.default_prop("network", target.span));
                Self::Docker { network, publish: Vec::new() }
            }
            TargetName::Kuscia => Self::Kuscia(Kuscia::read(target.span, cursor)?),
            TargetName::Process => Self::Process,
        };
        Some(deploy.with_published(target, cursor))
    }

    /// Reads the `publish` children, which only a bridge can have.
    fn with_published(mut self, target: Spanned<TargetName>, cursor: &mut Cursor<'_>) -> Self {
        let node = cursor.node;
        let Some(first) = node.child("publish") else { return self };
        let is_bridge = self.bridge().is_some();
        let finding = Finding::error(OTHER_TARGET, "only containers on a bridge publish ports")
            .label(first.span(), "this would have no effect");
        let refused = match &mut self {
            Self::Docker { publish, .. } if is_bridge => {
                let all = node.children_named("publish");
                publish.extend(all.flat_map(|child| cursor.at(child).args()));
                return self;
            }
            Self::Docker { network, .. } => finding
                .label(network.span, "on the machine's own network, all of its ports are open")
                .help("drop `publish`, or name a `network` node: `network=\"sfnet\"`"),
            _ => finding
                .label(target.span, "the target")
                .help("drop `publish`, or deploy with `docker` on a `network` node"),
        };
        cursor.findings.push(refused);
        self
    }
}

/// Reports each property that only other targets have.
fn refuse_properties(target: Spanned<TargetName>, cursor: &mut Cursor<'_>) {
    for prop in &cursor.node.props {
        let key = prop.key.value.as_str();
        // One that no target has was reported by the grammar.
        let Some((owner, _)) = TARGETS.iter().find(|(_, props)| props.contains(&key)) else {
            continue;
        };
        if *owner == target.value {
            continue;
        }
        let finding = Finding::error(
            OTHER_TARGET,
            format!("`{key}` means nothing to the target `{}`", target.value),
        )
        .label(prop.key.span, "another target's property")
        .label(target.span, "the target")
        .help(format!("drop `{key}`, or choose the target that has it, `{owner}`"));
        cursor.findings.push(finding);
    }
}
