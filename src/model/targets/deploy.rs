//! How a party's processes are started: its target, with what the target is told.

use std::collections::BTreeSet;

use crate::{
    diag::{Finding, Spanned},
    syntax::Cursor,
    types::{Home, Image, NetworkName, PortMapping, TargetName},
};

use super::{
    docker::{self, Docker},
    kuscia::{self, Kuscia},
    process,
    systemd::{self, Systemd},
    target::{OTHER_TARGET, Target},
};

/// Every target.
pub const TARGETS: [&Target; 4] =
    [&process::TARGET, &systemd::TARGET, &docker::TARGET, &kuscia::TARGET];

/// How a party's processes are started.
#[derive(Clone, Debug)]
pub enum Deploy {
    /// By `sfgen apply` itself.
    Process,
    /// By systemd.
    Systemd(Systemd),
    /// By Docker.
    Docker(Docker),
    /// By Kuscia.
    Kuscia(Kuscia),
}

impl Deploy {
    /// The target.
    #[must_use]
    pub const fn target(&self) -> &'static Target {
        match self {
            Self::Process => &process::TARGET,
            Self::Systemd(_) => &systemd::TARGET,
            Self::Docker(_) => &docker::TARGET,
            Self::Kuscia(_) => &kuscia::TARGET,
        }
    }

    /// The `network` node that containers join; `None` for the machine's own network and for other targets.
    #[must_use]
    pub fn bridge(&self) -> Option<Spanned<&NetworkName>> {
        match self {
            Self::Docker(docker) => docker.bridge(),
            Self::Process | Self::Systemd(_) | Self::Kuscia(_) => None,
        }
    }

    /// The image for all that has none of its own, where the topology names it.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Docker(docker) => docker.image.as_ref().map(|image| &image.value),
            Self::Process | Self::Systemd(_) | Self::Kuscia(_) => None,
        }
    }

    /// The ports that the machine passes on to the party's containers.
    #[must_use]
    pub fn published(&self) -> &[Spanned<PortMapping>] {
        match self {
            Self::Docker(docker) => &docker.publish,
            Self::Process | Self::Systemd(_) | Self::Kuscia(_) => &[],
        }
    }

    /// The folder of the party's installation, where the target has one.
    #[must_use]
    pub fn home(&self) -> Option<&Home> {
        match self {
            Self::Systemd(systemd) => Some(&systemd.home.value),
            Self::Process | Self::Docker(_) | Self::Kuscia(_) => None,
        }
    }

    pub(in crate::model) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let name = cursor.arg::<TargetName>(0)?;
        let target = TARGETS.iter().find(|target| target.name == name.value)?;
        refuse_what_others_have(target, name, cursor);
        match name.value {
            TargetName::Process => Some(Self::Process),
            TargetName::Systemd => Some(Self::Systemd(Systemd::read(cursor))),
            TargetName::Docker => Docker::read(name, cursor).map(Self::Docker),
            TargetName::Kuscia => Kuscia::read(name.span, cursor).map(Self::Kuscia),
        }
    }
}

/// Reports each property and node that only other targets have.
fn refuse_what_others_have(target: &Target, name: Spanned<TargetName>, cursor: &mut Cursor<'_>) {
    let node = cursor.node;
    let props = node.props.iter().map(|prop| (prop.key.value.as_str(), prop.key.span));
    let children = node.children.iter().map(|child| (child.name.value.as_str(), child.name.span));
    let mut reported = BTreeSet::new();
    for (word, span) in props.chain(children) {
        // A word that stands there several times is one mistake.
        if !reported.insert(word) {
            continue;
        }
        let has =
            |target: &&Target| target.properties.contains(&word) || target.children.contains(&word);
        // What no target has was reported when the file was read.
        let Some(owner) = TARGETS.into_iter().find(has) else { continue };
        if has(&target) {
            continue;
        }
        let message = format!("`{word}` means nothing to the target `{}`", name.value);
        let finding = Finding::error(OTHER_TARGET, message)
            .label(span, "another target's")
            .label(name.span, "the target")
            .help(format!("drop `{word}`, or choose the target that has it, `{}`", owner.name));
        cursor.findings.push(finding);
    }
}
