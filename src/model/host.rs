//! `host "alice-1" address=... { reserve ...; ray ... }`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    syntax::{Cursor, Node, or_absent},
    types::{HostAddr, HostName, Port, ResourceName, Size},
};

use super::MachineFiles;

/// A host is named again with another address.
const TWO_ADDRESSES: Code = Code("SF0103");

/// A machine on which a party runs something.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name.
    pub name: Spanned<HostName>,
    /// What peers dial, written here or where the machine was named first. Hosts of one address are one machine.
    pub address: Spanned<HostAddr>,
    /// Whether that is what is written. What could not be read was reported; a stand-in that is no other host's address
    /// lets the rest of the host be judged in the same run.
    pub has_address: bool,
    /// What its listeners bind.
    pub listen: Spanned<HostAddr>,
    /// Numbers that others on this machine use.
    pub reserved: Vec<Spanned<Port>>,
    /// The Ray node that runs here if the engine is Ray.
    pub ray: Ray,
    /// What the machine has for the party's processes on it.
    pub files: MachineFiles,
}

/// Settings of a Ray node.
#[derive(Clone, Debug)]
pub struct Ray {
    /// CPUs that Ray may hand out.
    pub cpus: Spanned<u32>,
    /// GPUs that Ray may hand out; `None` for those that Ray finds.
    pub gpus: Option<Spanned<u32>>,
    /// Memory that Ray may hand out; `None` for what Ray finds free.
    pub memory: Option<Spanned<Size>>,
    /// Memory of the object store.
    pub object_store: Spanned<Size>,
    /// Whether the head starts Ray's dashboard.
    pub dashboard: Spanned<bool>,
    /// What else the node offers, with how much there is of it.
    pub resources: Vec<(Spanned<ResourceName>, u32)>,
    /// How much of its party's resource the node offers in a simulation: tasks of the party that run at once.
    pub slots: u32,
    /// The node, where it is written.
    pub span: Option<SourceSpan>,
}

impl Host {
    /// Reads a host; `None` where it has no name. A text that is not an address is reported by [`super::address`].
    pub(super) fn read(cursor: &mut Cursor<'_>, addresses: &Addresses) -> Option<Self> {
        let name = cursor.arg::<HostName>(0)?;
        let span = cursor.node.span();
        let known = addresses.known.get(&name.value);
        let is_told = known.is_some() || addresses.wrong.contains(&name.value);
        if !is_told {
            cursor.required_prop::<String>("address");
        }
        let address = read_address(cursor, "address").or_else(|| known.cloned());
        let listen = read_address(cursor, "listen");
        let listen = listen.unwrap_or_else(|| cursor.default_prop("listen", span));
        let node = cursor.node;
        let reserved = node.children_named("reserve");
        let reserved = reserved.flat_map(|child| cursor.at(child).args()).collect();
        let ray = or_absent(node.child("ray"), "ray", span);
        let ray = Ray::read(&mut cursor.at(&ray), node.child("ray").map(Node::span));
        let has_address = address.is_some();
        let address = address.unwrap_or_else(|| Spanned::new(stand_in(&name.value), name.span));
        let files = MachineFiles::read(cursor);
        Some(Self { name, address, has_address, listen, reserved, ray, files })
    }
}

impl Ray {
    /// Reads the node, which may be one that is not written anywhere.
    fn read(cursor: &mut Cursor<'_>, written: Option<SourceSpan>) -> Self {
        let resources = cursor.node.children_named("resource").filter_map(|child| {
            let mut cursor = cursor.at(child);
            let name = cursor.arg::<ResourceName>(0)?;
            Some((name, cursor.arg(1)?.value))
        });
        let resources = resources.collect();
        Self {
            cpus: cursor.prop_or_default("cpus"),
            gpus: cursor.prop("gpus"),
            memory: cursor.prop("memory"),
            dashboard: cursor.prop_or_default("dashboard"),
            resources,
            object_store: cursor.prop_or_default("object-store"),
            slots: cursor.prop_or_default("slots").value,
            span: written,
        }
    }
}

/// An address that no machine has: the domain `invalid` is reserved for that.
fn stand_in(name: &HostName) -> HostAddr {
    HostAddr::Dns(format!("{name}.invalid"))
}

/// The property `key` as an address; `None` where it is absent or not an address.
fn read_address(cursor: &mut Cursor<'_>, key: &str) -> Option<Spanned<HostAddr>> {
    let text = cursor.prop::<String>(key)?;
    let address = text.value.parse().ok()?;
    Some(Spanned::new(address, text.span))
}

/// The address of each machine.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// From the first host node of that name which has one.
    known: BTreeMap<HostName, Spanned<HostAddr>>,
    /// Machines for which a text was written that is not an address.
    wrong: BTreeSet<HostName>,
}

/// Looks for the address of each machine, and reports a machine that has two.
pub(super) fn addresses(nodes: &[Node], findings: &mut Findings) -> Addresses {
    let mut addresses = Addresses::default();
    // Mistakes in single values are reported where the host itself is read.
    let mut quiet = Findings::default();
    for party in nodes.iter().filter(|node| node.name.value == "party") {
        for host in party.children_named("host") {
            let mut cursor = Cursor::new(host, &mut quiet);
            let Some(name) = cursor.arg::<HostName>(0) else { continue };
            let Some(address) = read_address(&mut cursor, "address") else {
                if host.prop("address").is_some() {
                    addresses.wrong.insert(name.value);
                }
                continue;
            };
            match addresses.known.get(&name.value) {
                Some(first) if first.value != address.value => {
                    let message = format!("host `{}` has two addresses", name.value);
                    let finding = Finding::error(TWO_ADDRESSES, message)
                        .label(address.span, "another address here")
                        .label(first.span, "the first one")
                        .help("a host is one machine: name it again without an address, or give the other machine another name");
                    findings.push(finding);
                }
                Some(_) => {}
                None => {
                    addresses.known.insert(name.value, address);
                }
            }
        }
    }
    addresses
}
