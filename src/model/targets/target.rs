//! The form in which each target says what it is.

use crate::{diag::Code, types::TargetName};

/// A property or child that another target has, or another network of the same one.
pub(super) const OTHER_TARGET: Code = Code("SF0012");

/// What a target is to a topology.
#[derive(Debug)]
pub struct Target {
    /// Its name in `deploy`.
    pub name: TargetName,
    /// The properties that `deploy` has for it.
    pub properties: &'static [&'static str],
    /// The nodes inside `deploy` that it has.
    pub children: &'static [&'static str],
    /// Whether sfgen's launcher meets the peers on the party's first host, which then needs the listener `control`.
    pub has_launcher: bool,
    /// Whether the target brings Ray along. If not, the party's hosts have Ray nodes of their own, with planned ports.
    pub brings_ray: bool,
    /// What keeps the processes up.
    pub keeper: Keeper,
}

/// What keeps the processes of a party up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// sfgen's launcher.
    Launcher,
    /// systemd, which has a unit for each of them.
    Units,
    /// A container engine, which has a container for each of them.
    Containers,
    /// A system of domains, each with containers that only it names.
    Domain,
}

impl Keeper {
    /// What a process is called there, where its name is that of something on the machine.
    #[must_use]
    pub const fn noun(self) -> Option<&'static str> {
        match self {
            Self::Launcher | Self::Domain => None,
            Self::Units => Some("unit"),
            Self::Containers => Some("container"),
        }
    }

    /// Whether processes run in images.
    #[must_use]
    pub const fn has_images(self) -> bool {
        matches!(self, Self::Containers | Self::Domain)
    }

    /// Whether env(1) starts the programs, which takes `-` in front of a name for an option and `=` for a variable.
    #[must_use]
    pub const fn starts_by_env(self) -> bool {
        matches!(self, Self::Units)
    }
}
