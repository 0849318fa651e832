//! `party "alice" { ... }`.

use std::collections::BTreeMap;

use crate::{
    diag::{SourceSpan, Spanned},
    syntax::{Cursor, Node, slips},
    types::{HostAddr, HostName, PartyName},
};

use super::{Deploy, Host, Identity, Pin};

/// One organisation and its machines.
#[derive(Clone, Debug)]
pub struct Party {
    /// Its name.
    pub name: Spanned<PartyName>,
    /// Its hosts as declared. Launcher, driver and SPU nodes live on the first, which is its Ray head too.
    pub hosts: Vec<Host>,
    /// Its certificates; needed in production.
    pub identity: Option<Identity>,
    /// Where its `identity` stands, even if that could not be read.
    pub identity_span: Option<SourceSpan>,
    /// How its processes are started.
    pub deploy: Deploy,
    /// Numbers that are already in a firewall.
    pub pins: Vec<Pin>,
}

impl Party {
    pub(super) fn read(
        name: Spanned<PartyName>,
        cursor: &mut Cursor<'_>,
        addresses: &BTreeMap<HostName, Spanned<HostAddr>>,
    ) -> Self {
        let node = cursor.node;
        if node.child("host").is_none() {
            cursor.missing("`host`", "name a machine: `host \"alice-1\" address=\"192.168.1.10\"`");
        }
        let hosts = node.children_named("host");
        let hosts = hosts.filter_map(|host| Host::read(&mut cursor.at(host), addresses)).collect();
        // A slip of the pen has been reported by the grammar; it is no absence.
        let slip = || slips("party", &node.children).find(|(_, meant)| *meant == "identity");
        let identity_span = node.child("identity").or_else(|| Some(slip()?.0)).map(Node::span);
        let identity =
            node.child("identity").and_then(|child| Identity::read(&mut cursor.at(child)));
        let deploy = node.child("deploy").and_then(|child| Deploy::read(&mut cursor.at(child)));
        let pins = node.children_named("pin");
        let pins = pins.filter_map(|pin| Pin::read(&mut cursor.at(pin))).collect();
        let deploy = deploy.unwrap_or(Deploy::Process);
        Self { name, hosts, identity, identity_span, deploy, pins }
    }

    /// The host on which launcher, driver and SPU nodes live; `None` where none could be read.
    #[must_use]
    pub fn main_host(&self) -> Option<&Host> {
        self.hosts.first()
    }
}
