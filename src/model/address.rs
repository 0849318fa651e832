//! Values of `address` and `listen` of a host that are not addresses, and what was probably meant.
//!
//! Hosts are read before devices and jobs. Values that they could not read are reported afterwards, since the
//! report says who dials the host and how many ports its links need.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    syntax::{Node, Value},
    types::{DeviceName, HostAddr, HostAddrError, JobName, PartyName, Port, PortRange, Role},
};

use super::{Heu, Job, Party, Spu, job};

/// A value of the wrong kind or form.
const BAD_VALUE: Code = Code("SF0005");
/// Another port is listened on than the one that is advertised.
const OTHER_PORT: Code = Code("SF0215");

/// The nodes because of which one party dials another, as far as they could be read.
#[derive(Clone, Copy)]
pub(super) struct Dialling<'a> {
    pub(super) parties: &'a BTreeMap<PartyName, Party>,
    pub(super) spus: &'a BTreeMap<DeviceName, Spu>,
    pub(super) heus: &'a BTreeMap<DeviceName, Heu>,
    pub(super) jobs: &'a BTreeMap<JobName, Job>,
}

/// What those nodes say about each party, collected once for all hosts.
struct Peers<'a> {
    /// The first device or job that names each party.
    members: BTreeMap<&'a PartyName, SourceSpan>,
    slots: BTreeMap<&'a PartyName, u16>,
    /// The two parties that are declared first: at least one of them is another party than the one in question.
    first: Vec<&'a Party>,
    /// Whether some host is reached from other machines.
    has_far: bool,
}

impl<'a> Peers<'a> {
    fn new(nodes: &[Node], dialling: Dialling<'a>) -> Self {
        let Dialling { parties, spus, heus, jobs } = dialling;
        let all = spus.values().flat_map(|spu| &spu.parties);
        let all = all.chain(heus.values().flat_map(Heu::parties));
        let mut members: BTreeMap<&PartyName, SourceSpan> = BTreeMap::new();
        for member in all.chain(jobs.values().flat_map(|job| &job.parties)) {
            let first = members.entry(&member.value).or_insert(member.span);
            *first = (*first).min(member.span);
        }
        let mut first: Vec<&Party> = parties.values().collect();
        first.sort_by_key(|party| party.index);
        first.truncate(2);
        let hosts = nodes.iter().flat_map(|node| node.children_named("host"));
        let mut addresses = hosts.filter_map(|host| match &host.prop("address")?.value.value {
            Value::Text(text) => text.parse().ok().or_else(|| meant(text).0),
            _ => None,
        });
        let has_far = addresses.any(|address| !address.is_loopback() && !address.is_unspecified());
        Self { members, slots: job::slots(jobs, parties.keys()), first, has_far }
    }

    /// Whether a host can have this address, as far as it alone tells: what a help advises must not be the next mistake.
    fn can_dial(&self, address: &HostAddr) -> bool {
        let is_nowhere = address.is_unspecified() || address.is_link_local();
        !(is_nowhere || address.is_loopback() && self.has_far)
    }
}

/// A value that is not an address.
struct Wrong {
    text: Spanned<String>,
    why: HostAddrError,
    /// What was probably meant, and a port that came with it.
    meant: (Option<HostAddr>, Option<Port>),
}

/// Reports every `address` and `listen` that is not an address: one finding for each host.
pub(super) fn report(nodes: &[Node], dialling: Dialling<'_>, findings: &mut Findings) {
    let mut peers = None;
    for node in nodes.iter().filter(|node| node.name.value == "party") {
        let name = node.args.first().map(|name| name.value.to_string()).unwrap_or_default();
        let party = name.parse::<PartyName>().ok().and_then(|name| dialling.parties.get(&name));
        let Some(party) = party else { continue };
        for (index, host) in node.children_named("host").enumerate() {
            findings.extend(wrong(host, "inside").map(|inside| inside_finding(&inside, host)));
            let (address, listen) = (wrong(host, "address"), wrong(host, "listen"));
            if address.is_none() && listen.is_none() {
                continue;
            }
            let peers = peers.get_or_insert_with(|| Peers::new(nodes, dialling));
            let wrong = WrongHost { party, host, is_main: index == 0, address, listen };
            findings.push(wrong.finding(peers));
        }
    }
}

fn wrong(host: &Node, key: &str) -> Option<Wrong> {
    let value = &host.prop(key)?.value;
    let Value::Text(text) = &value.value else { return None };
    let why = text.parse::<HostAddr>().err()?;
    Some(Wrong { text: Spanned::new(text.clone(), value.span), why, meant: meant(text) })
}

/// The address that a text holds, and its port: without a scheme, without what follows, with `-` for `_`.
fn meant(text: &str) -> (Option<HostAddr>, Option<Port>) {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let word = text.split_whitespace().next().unwrap_or_default();
    let word = word.split('/').next().unwrap_or_default();
    if let Ok(address) = word.parse() {
        return (Some(address), None);
    }
    let (host, port) = word.rsplit_once(':').unwrap_or((word, ""));
    (host.replace('_', "-").parse().ok(), port.parse().ok())
}

/// A host of which an address is wrong.
struct WrongHost<'a> {
    party: &'a Party,
    host: &'a Node,
    /// Whether the links of the party are dialled here.
    is_main: bool,
    address: Option<Wrong>,
    listen: Option<Wrong>,
}

impl WrongHost<'_> {
    fn finding(&self, peers: &Peers<'_>) -> Finding {
        let port = |wrong: &Option<Wrong>| wrong.as_ref().and_then(|wrong| wrong.meant.1);
        let help = self.help(port(&self.address).or(port(&self.listen)), peers);
        match (&self.address, &self.listen) {
            (Some(address), Some(listen)) => self.both(address, listen).help(help),
            (Some(address), None) => {
                let (span, label) = self.dialled(peers);
                malformed(address).label(span, label).help(help)
            }
            (None, listen) => {
                let listen = listen.as_ref().expect("one of the two is wrong");
                let other = self.host.prop("address").map(|address| address.value.span);
                let other = other.unwrap_or(self.host.span());
                malformed(listen).label(other, "what the peers dial here").help(help)
            }
        }
    }

    fn both(&self, address: &Wrong, listen: &Wrong) -> Finding {
        match (address.meant.1, listen.meant.1) {
            (Some(dialled), Some(bound)) if dialled != bound && !self.is_joined(dialled, bound) => {
                let name = &self.party.name.value;
                let message = format!(
                    "`{name}` advertises port {dialled} but listens on {bound}, and no mapping joins them"
                );
                Finding::error(OTHER_PORT, message)
                    .label(address.text.span, format!("the peers dial {dialled}"))
                    .label(listen.text.span, format!("and arrive only at {bound}"))
            }
            _ => malformed(address).label(listen.text.span, "nor is this one"),
        }
    }

    fn is_joined(&self, dialled: Port, bound: Port) -> bool {
        let published = self.party.deploy.published();
        published.iter().any(|mapping| mapping.value.joins(dialled, bound))
    }

    /// The lines to write instead.
    fn help(&self, port: Option<Port>, peers: &Peers<'_>) -> String {
        let wrong = [("address", &self.address), ("listen", &self.listen)];
        let lines = wrong.into_iter().filter_map(|(key, wrong)| {
            let meant = wrong.as_ref()?.meant.0.as_ref();
            let meant = meant.filter(|meant| key == "listen" || peers.can_dial(meant));
            let unknown = if key == "listen" { "0.0.0.0" } else { "192.168.1.10" };
            let address = meant.map_or_else(|| unknown.to_owned(), HostAddr::bare);
            Some((format!("`{key}=\"{address}\"`"), meant.is_some()))
        });
        let (lines, known): (Vec<_>, Vec<_>) = lines.unzip();
        let lines = lines.join(" and ");
        let Some(port) = port else {
            return if known.contains(&false) {
                format!("write an IPv4 address or a DNS name, such as {lines}")
            } else {
                format!("write {lines}")
            };
        };
        match self.pin(port, peers) {
            Some(pin) => {
                format!("write {lines} without a port, and pin the port in the party: {pin}")
            }
            None => format!("write {lines} without a port: sfgen plans the ports"),
        }
    }

    /// The pin that keeps the port for the party's links, where it can have one.
    fn pin(&self, port: Port, peers: &Peers<'_>) -> Option<String> {
        let is_pinned = self.party.pins.iter().any(|pin| pin.role.value == Role::Sf);
        if is_pinned || !self.is_main {
            return None;
        }
        let slots = peers.slots.get(&self.party.name.value).copied().unwrap_or(1);
        let range = PortRange::of_len(port, slots)?;
        let last = range.last();
        let numbers = if last == port { port.to_string() } else { format!("{port} {last}") };
        let host = self.party.hosts.first()?;
        let is_taken = host.reserved.iter().any(|number| range.contains(number.value))
            || self.party.pins.iter().any(|pin| pin.range.value.overlaps(range));
        let can_pin = PortRange::PLANNABLE.covers(range) && !is_taken;
        can_pin.then(|| format!("`pin \"sf\" {numbers}`"))
    }

    /// Why the host is dialled, with its place: a device or job of the party, else another party.
    fn dialled(&self, peers: &Peers<'_>) -> (SourceSpan, String) {
        let name = &self.party.name.value;
        if let Some(span) = peers.members.get(name) {
            return (*span, format!("`{name}`'s peers dial it because of this"));
        }
        match peers.first.iter().find(|other| other.name.value != *name) {
            Some(other) => {
                let place = other.main_host().map_or(other.name.span, |host| host.name.span);
                (place, format!("`{}` would dial it from here", other.name.value))
            }
            None => (self.host.span(), "the address of this host".to_owned()),
        }
    }
}

/// The finding for an `inside` that is no address.
fn inside_finding(inside: &Wrong, host: &Node) -> Finding {
    let meant = inside.meant.0.as_ref().map_or_else(|| "10.1.0.4".to_owned(), HostAddr::bare);
    let such_as =
        if inside.meant.0.is_some() { "" } else { "an address of the machine itself, such as " };
    let other = host.prop("address").map_or(host.span(), |address| address.value.span);
    malformed(inside)
        .label(other, "what the peers dial here")
        .help(format!("write {such_as}`inside=\"{meant}\"`: an address without a port"))
}

fn malformed(wrong: &Wrong) -> Finding {
    Finding::error(BAD_VALUE, wrong.why.to_string()).label(wrong.text.span, "no address")
}
