//! `host "alice-1" address=... inside=... { outside ...; reserve ...; ray ... }`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    syntax::{Cursor, Node, or_absent},
    types::{HostAddr, HostName, Port, PortRange, PortRanges, ResourceName, Role, Size},
};

use super::{MachineFiles, machine::Machine, ports::read_range};

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
    /// The machine's own address where it is another: Ray, its listeners and the party's other hosts use it.
    pub inside: Option<Spanned<HostAddr>>,
    /// Numbers that peers dial in place of the planned ones.
    pub outside: Vec<Outside>,
    /// What its listeners bind.
    pub listen: Spanned<HostAddr>,
    /// Numbers that others on this machine use.
    pub reserved: Vec<Spanned<Port>>,
    /// The Ray node that runs here if the engine is Ray.
    pub ray: Ray,
    /// What the machine has for the party's processes on it.
    pub files: MachineFiles,
}

/// Numbers under which peers dial a role, where NAT, a load balancer or a proxy passes them on to the planned ones.
#[derive(Clone, Debug)]
pub struct Outside {
    /// What is dialled.
    pub role: Spanned<Role>,
    /// The numbers.
    pub range: Spanned<PortRange>,
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
        let address = read_address(cursor, "address");
        let address = address.or_else(|| known.map(|known| known.address.clone()));
        let inside = read_address(cursor, "inside");
        let inside = inside.or_else(|| known.and_then(|known| known.inside.clone()));
        let listen = read_address(cursor, "listen").or_else(|| inside.clone());
        let listen = listen.unwrap_or_else(|| cursor.default_prop("listen", span));
        let node = cursor.node;
        let outside = node.children_named("outside");
        let outside = outside.filter_map(|child| Outside::read(&mut cursor.at(child))).collect();
        let reserved = node.children_named("reserve");
        let reserved = reserved.flat_map(|child| cursor.at(child).args()).collect();
        let ray = or_absent(node.child("ray"), "ray", span);
        let ray = Ray::read(&mut cursor.at(&ray), node.child("ray").map(Node::span));
        let has_address = address.is_some();
        let address = address.unwrap_or_else(|| Spanned::new(stand_in(&name.value), name.span));
        let files = MachineFiles::read(cursor);
        Some(Self { name, address, has_address, inside, outside, listen, reserved, ray, files })
    }

    /// The address that the machine has itself.
    #[must_use]
    pub fn own_address(&self) -> &Spanned<HostAddr> {
        self.inside.as_ref().unwrap_or(&self.address)
    }

    /// Which machine it is.
    #[must_use]
    pub fn machine(&self) -> Machine<'_> {
        Machine::new(&self.address.value, &self.own_address().value)
    }

    /// The numbers that peers dial for a role which is planned at those: the same, unless others are written.
    #[must_use]
    pub fn dialled(&self, role: &Role, planned: &PortRanges) -> PortRanges {
        let outside = self.outside_of(role).map(|outside| PortRanges::from(outside.range.value));
        let mapped = outside.and_then(|outside| outside.part(0, planned.count()));
        mapped.unwrap_or_else(|| planned.clone())
    }

    /// The numbers that peers dial for a role, where they are written.
    #[must_use]
    pub fn outside_of(&self, role: &Role) -> Option<&Outside> {
        self.outside.iter().find(|outside| outside.role.value == *role)
    }
}

impl Outside {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let role = cursor.arg(0);
        let range = read_range(cursor, 1);
        Some(Self { role: role?, range: range? })
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

/// The addresses of each machine.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    /// From the first host node of that name which has one.
    known: BTreeMap<HostName, Known>,
    /// Machines for which a text was written that is not an address.
    wrong: BTreeSet<HostName>,
}

/// What is known of a machine from where it was named first.
#[derive(Debug)]
struct Known {
    address: Spanned<HostAddr>,
    inside: Option<Spanned<HostAddr>>,
}

/// Looks for the addresses of each machine, and reports a machine that has two in one place.
pub(super) fn addresses(nodes: &[Node], findings: &mut Findings) -> Addresses {
    let mut addresses = Addresses::default();
    // Mistakes in single values are reported where the host itself is read.
    let mut quiet = Findings::default();
    for party in nodes.iter().filter(|node| node.name.value == "party") {
        for host in party.children_named("host") {
            let mut cursor = Cursor::new(host, &mut quiet);
            let Some(name) = cursor.arg::<HostName>(0) else { continue };
            let inside = read_address(&mut cursor, "inside");
            let Some(address) = read_address(&mut cursor, "address") else {
                if host.prop("address").is_some() {
                    addresses.wrong.insert(name.value);
                } else if let Some(known) = addresses.known.get_mut(&name.value) {
                    findings.extend(known.join(&name.value, None, inside));
                }
                continue;
            };
            match addresses.known.get_mut(&name.value) {
                Some(known) => findings.extend(known.join(&name.value, Some(address), inside)),
                None => {
                    addresses.known.insert(name.value, Known { address, inside });
                }
            }
        }
    }
    addresses
}

impl Known {
    /// Takes in another node of the same machine; what it says otherwise is a finding.
    fn join(
        &mut self,
        name: &HostName,
        address: Option<Spanned<HostAddr>>,
        inside: Option<Spanned<HostAddr>>,
    ) -> Option<Finding> {
        let finding = |what: &str, later: &Spanned<HostAddr>, first: &Spanned<HostAddr>| {
            let is_other = first.value != later.value;
            is_other.then(|| {
                Finding::error(TWO_ADDRESSES, format!("host `{name}` has two {what}"))
                    .label(later.span, "another address here")
                    .label(first.span, "the first one")
                    .help("a host is one machine: name it again without an address, or give the other machine another name")
            })
        };
        let found = address.and_then(|address| finding("addresses", &address, &self.address));
        found.or_else(|| {
            let inside = inside?;
            finding("addresses inside", &inside, self.inside.get_or_insert(inside.clone()))
        })
    }
}
