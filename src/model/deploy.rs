//! `deploy "systemd" user=... home=...`, `deploy "docker" network=... { publish ... }` and their kin: how a party's
//! processes are started.

use std::{fmt::Debug, str::FromStr};

use crate::{
    diag::{Code, Finding, SourceSpan, Spanned},
    syntax::Cursor,
    types::{Account, Home, NetworkName, PortMapping},
};

use super::{DockerNetwork, Kuscia, names, publish};

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
const TARGETS: [(&str, &[&str]); 4] = [
    ("process", &[]),
    ("systemd", &["user", "home"]),
    ("docker", &["network"]),
    ("kuscia", &["protocol", "gateway", "endpoint"]),
];

impl Deploy {
    const DEFAULT_USER: &str = "secretflow";
    const DEFAULT_HOME: &str = "/opt/secretflow";

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
        let word = cursor.arg::<String>(0)?;
        let targets = TARGETS.map(|target| (target.0, target));
        let (target, own) = names::pick(&word, &targets, cursor.findings)?.value;
        refuse_properties(&word, own, cursor);
        let span = cursor.node.span();
        let deploy = match target {
            "systemd" => Self::Systemd {
                user: cursor.prop("user").unwrap_or_else(|| default(Self::DEFAULT_USER, span)),
                home: cursor.prop("home").unwrap_or_else(|| default(Self::DEFAULT_HOME, span)),
            },
            "docker" => {
                let network = cursor.prop("network");
                // Whether ports may be published depends on a network whose name could not be read.
                if network.is_none() && cursor.node.prop("network").is_some() {
                    return None;
                }
                let machine = Spanned::new(DockerNetwork::Machine, word.span);
                Self::Docker { network: network.unwrap_or(machine), publish: Vec::new() }
            }
            "kuscia" => Self::Kuscia(Kuscia::read(word.span, cursor)?),
            _ => Self::Process,
        };
        Some(deploy.with_published(&word, cursor))
    }

    /// Reads the `publish` children, which only a bridge can have.
    fn with_published(mut self, target: &Spanned<String>, cursor: &mut Cursor<'_>) -> Self {
        let node = cursor.node;
        let Some(first) = node.child("publish") else { return self };
        let is_bridge = self.bridge().is_some();
        let finding = Finding::error(OTHER_TARGET, "only containers on a bridge publish ports")
            .label(first.span(), "this would have no effect");
        let refused = match &mut self {
            Self::Docker { publish, .. } if is_bridge => {
                let all = node.children_named("publish");
                publish.extend(all.flat_map(|child| publish::read(&mut cursor.at(child))));
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
fn refuse_properties(target: &Spanned<String>, own: &[&str], cursor: &mut Cursor<'_>) {
    for prop in &cursor.node.props {
        let key = prop.key.value.as_str();
        // One that no target has was reported by the grammar.
        let Some((owner, _)) = TARGETS.iter().find(|(_, props)| props.contains(&key)) else {
            continue;
        };
        if own.contains(&key) {
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

/// A default, which is a constant of ours.
fn default<T: FromStr<Err: Debug>>(text: &str, span: SourceSpan) -> Spanned<T> {
    Spanned::new(text.parse().expect("a default is one of its kind"), span)
}
