//! What listens where a program dials a number that is written at a peer.

use crate::{
    diag::SourceSpan,
    model::{Host, Party, Topology, Variable},
    types::{HostAddr, Port, Role},
};

use super::{
    programs::{Address, AddressPort, ProgramText},
    texts::kind_of,
};

/// A number that is dialled at the address of a peer.
pub(super) struct Dialled<'a> {
    /// The hosts with this address: several behind one NAT, none where the address is not of the topology.
    pub(super) hosts: Vec<(&'a Party, &'a Host)>,
    /// The number.
    pub(super) number: Port,
}

/// What listens at a number.
pub(super) struct Listener<'a> {
    /// Whose it is.
    pub(super) party: &'a Party,
    /// Where it is.
    pub(super) host: &'a Host,
    /// What it is.
    pub(super) role: &'a Role,
    /// Where its number is written.
    pub(super) span: SourceSpan,
}

/// The number that is dialled, where it is written and the machine is a peer's. The address may be written too, or be
/// a placeholder.
pub(super) fn dialled<'a>(
    topology: &'a Topology,
    text: &ProgramText<'_>,
    address: &Address<'_>,
) -> Option<Dialled<'a>> {
    let number = match address.port {
        AddressPort::Number(number) => number,
        AddressPort::Absent => kind_of(address.scheme?)?.port,
        AddressPort::Filled(_) => return None,
    };
    let number = Port::try_from(i128::from(number)).ok()?;
    let hosts = match named(topology, text, address) {
        Some((party, _)) if party.name.value == text.party.name.value => return None,
        Some(host) => vec![host],
        None => {
            let machine: HostAddr = address.host.parse().ok()?;
            let has = |host: &Host| host.address.value == machine;
            let is_own = |host: &Host| has(host) || host.own_address().value == machine;
            if machine.is_loopback() || text.party.hosts.iter().any(is_own) {
                return None;
            }
            topology.hosts().filter(|(_, host)| has(host)).collect()
        }
    };
    // A number that others of the machine use is nothing that is planned.
    let is_reserved = |host: &Host| host.reserved.iter().any(|own| own.value == number);
    let is_planned = !hosts.iter().any(|(_, host)| is_reserved(host));
    is_planned.then_some(Dialled { hosts, number })
}

/// The host that the placeholder of an address names.
fn named<'a>(
    topology: &'a Topology,
    text: &ProgramText<'_>,
    address: &Address<'_>,
) -> Option<(&'a Party, &'a Host)> {
    let mut variables = text.value.variables();
    let variable = variables.find(|variable| address.host == format!("{{{variable}}}"))?;
    let Variable::PartyAddress(party, host) = variable else { return None };
    let party = topology.parties.get(party)?;
    let host = match host {
        Some(name) => party.hosts.iter().find(|host| host.name.value == *name)?,
        None => party.main_host()?,
    };
    Some((party, host))
}

impl<'a> Dialled<'a> {
    /// What listens there.
    pub(super) fn listener(&self) -> Option<Listener<'a>> {
        self.hosts.iter().find_map(|(party, host)| listener(party, host, self.number))
    }

    /// The service of a dialled party that listens at this number on another of its hosts, while nothing does on the
    /// one that is dialled.
    pub(super) fn on_other_host(&self) -> Option<Listener<'a>> {
        if self.listener().is_some() {
            return None;
        }
        let is_dialled =
            |host: &Host| self.hosts.iter().any(|(_, other)| other.name.span == host.name.span);
        self.hosts.iter().find_map(|(party, _)| {
            let others = party.hosts.iter().filter(|host| !is_dialled(host));
            let mut found = others.filter_map(|host| listener(party, host, self.number));
            found.find(|found| matches!(found.role, Role::Service(_)))
        })
    }
}

/// What is pinned to a number on a host, or dialled at it from outside.
fn listener<'a>(party: &'a Party, host: &'a Host, number: Port) -> Option<Listener<'a>> {
    let found = |role, span| Some(Listener { party, host, role, span });
    let outside = host.outside.iter().find(|outside| outside.range.value.contains(number));
    if let Some(outside) = outside {
        return found(&outside.role.value, outside.range.span);
    }
    let main = party.main_host()?;
    let pin = party.pins.iter().find(|pin| {
        let on = pin.host.as_ref().map_or(&main.name.value, |name| &name.value);
        *on == host.name.value && pin.range.value.contains(number)
    })?;
    // Behind NAT, another number is dialled than the one that is pinned.
    let is_inside_only = host.outside_of(&pin.role.value).is_some();
    if is_inside_only { None } else { found(&pin.role.value, pin.range.span) }
}
