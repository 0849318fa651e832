//! `network "sfnet" subnet="192.168.0.0/24"`: a bridge that containers join.

use crate::{
    diag::Spanned,
    syntax::Cursor,
    types::{NetworkName, Subnet},
};

/// A network of containers on one machine.
#[derive(Clone, Debug)]
pub struct Network {
    /// Its name.
    pub name: Spanned<NetworkName>,
    /// Its addresses; `None` where they could not be read.
    pub subnet: Option<Spanned<Subnet>>,
}

/// Networks that Docker brings along.
const DOCKERS_OWN: [&str; 3] = ["bridge", "host", "none"];

impl Network {
    pub(super) fn read(name: &Spanned<NetworkName>, cursor: &mut Cursor<'_>) -> Self {
        if DOCKERS_OWN.contains(&name.value.as_str()) {
            let why = format!("Docker has a network `{}` of its own", name.value);
            cursor.reject(name.span, why, "give this one another name");
        }
        let help = "write its addresses: `subnet=\"192.168.0.0/24\"`";
        let subnet = cursor.required_prop("subnet", help);
        Self { name: name.clone(), subnet }
    }
}
