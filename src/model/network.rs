//! `network "sfnet" subnet="192.168.0.0/24"`: a bridge that containers join.

use std::str::FromStr;

use crate::{
    diag::Spanned,
    syntax::Cursor,
    types::{NameError, NetworkName, Subnet},
};

/// A network of containers on one machine.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its name.
    pub name: Spanned<NetworkName>,
    /// Its addresses; `None` where they could not be read.
    pub subnet: Option<Spanned<Subnet>>,
}

/// The network that a party's containers join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DockerNetwork {
    /// The machine's own, written `host`.
    Machine,
    /// A bridge, by the name of its `network` node.
    Bridge(NetworkName),
}

impl FromStr for DockerNetwork {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "host" => Ok(Self::Machine),
            name => name.parse().map(Self::Bridge),
        }
    }
}

/// Networks that Docker brings along.
const DOCKERS_OWN: [&str; 3] = ["bridge", "host", "none"];

impl Network {
    pub(super) fn read(name: &Spanned<NetworkName>, cursor: &mut Cursor<'_>) -> Self {
        if DOCKERS_OWN.contains(&name.value.as_str()) {
            let why = format!("Docker has a network `{}` of its own", name.value);
            cursor.reject(name.span, why, "give this one another name");
        }
        let subnet = cursor.required_prop("subnet");
        Self { name: name.clone(), subnet }
    }
}
