#![doc = include_str!("machine_port_twice.md")]

use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::IpAddr,
};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Fix, SourceSpan, Spanned},
    model::Party,
    types::{Port, PortMapping, PortRange},
};

use super::published::Published;

const CODE: Code = Code("SF1008");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("machine_port_twice.md"), machine_port_twice);

fn machine_port_twice(context: Context<'_>, findings: &mut Findings) {
    // A bridge exists on one machine only, so the hosts of its containers share that machine's ports.
    let mut machines: BTreeMap<&str, Machine<'_>> = BTreeMap::new();
    for (party, mapping) in Published::new(context).mappings() {
        let (Some(bridge), Some(ports)) = (party.deploy.bridge(), mapping.value.machine) else {
            continue;
        };
        let machine = machines.entry(bridge.value.as_str()).or_default();
        machine.published.push(Claim { party, mapping, ports });
    }
    for (party, host) in context.topology.hosts() {
        let bridge = party.deploy.bridge().map(|bridge| bridge.value.as_str());
        let Some(machine) = bridge.and_then(|bridge| machines.get_mut(bridge)) else { continue };
        for port in &host.reserved {
            machine.reserved.entry(port.value).or_insert(port.span);
        }
    }
    for machine in machines.into_values() {
        machine.judge(context, findings);
    }
}

/// A published range.
#[derive(Clone, Copy)]
struct Claim<'a> {
    party: &'a Party,
    mapping: &'a Spanned<PortMapping>,
    ports: PortRange,
}

impl Claim<'_> {
    /// The one address on which it listens; `None` for all of them.
    fn address(&self) -> Option<IpAddr> {
        self.mapping.value.address.filter(|address| !address.is_unspecified())
    }
}

/// All claims to ports of one machine.
#[derive(Default)]
struct Machine<'a> {
    published: Vec<Claim<'a>>,
    reserved: BTreeMap<Port, SourceSpan>,
}

impl<'a> Machine<'a> {
    fn judge(mut self, context: Context<'_>, findings: &mut Findings) {
        self.published.sort_by_key(|claim| (claim.ports, claim.mapping.span));
        let free = self.free();
        let help = match free {
            Some(free) => format!("publish it on another port of the machine, such as {free}"),
            None => "publish it on another port of the machine".to_owned(),
        };
        // The claim with the highest last port so far, on each address and on any. Claims come in the order of their
        // first ports, so one that shares a port with any earlier one shares one with this.
        let mut furthest: BTreeMap<Option<IpAddr>, Claim<'a>> = BTreeMap::new();
        let mut any: Option<Claim<'a>> = None;
        for claim in &self.published {
            if let Some(port) = self.reserved_in(claim) {
                let fix = elsewhere(context, free, claim.mapping);
                findings.push(reserved(claim, port).help(&help).fixes(fix));
            }
            let address = claim.address();
            let everywhere = furthest.get(&None).copied();
            let own = if address.is_some() { furthest.get(&address).copied() } else { any };
            let mut earlier = [everywhere, own].into_iter().flatten();
            if let Some(earlier) = earlier.find(|earlier| earlier.ports.overlaps(claim.ports)) {
                let second =
                    if claim.mapping.span > earlier.mapping.span { claim } else { &earlier };
                let fix = elsewhere(context, free, second.mapping);
                findings.push(twice(claim, &earlier).help(&help).fixes(fix));
            }
            let is_further = |other: &Claim<'_>| other.ports.last() < claim.ports.last();
            match furthest.entry(address) {
                Entry::Vacant(entry) => _ = entry.insert(*claim),
                Entry::Occupied(mut entry) if is_further(entry.get()) => _ = entry.insert(*claim),
                Entry::Occupied(_) => {}
            }
            any = any.filter(|any| !is_further(any)).or(Some(*claim));
        }
    }

    fn reserved_in(&self, claim: &Claim<'_>) -> Option<(Port, SourceSpan)> {
        let range = claim.ports.first()..=claim.ports.last();
        self.reserved.range(range).next().map(|(port, span)| (*port, *span))
    }

    /// The port above all claims.
    fn free(&self) -> Option<Port> {
        let published = self.published.iter().map(|claim| claim.ports.last());
        let highest = published.chain(self.reserved.keys().copied()).max();
        highest.and_then(|highest| highest.plus(1))
    }
}

/// Publishes it on the ports from `free` on.
fn elsewhere(
    context: Context<'_>,
    free: Option<Port>,
    mapping: &Spanned<PortMapping>,
) -> Option<Fix> {
    let count = u16::try_from(mapping.value.container.count()).ok()?;
    let machine = PortRange::of_len(free?, count)?;
    let other = PortMapping { machine: Some(machine), ..mapping.value };
    context.write(format!("write `publish \"{other}\"`"), mapping, &other)
}

fn reserved(claim: &Claim<'_>, (port, span): (Port, SourceSpan)) -> Finding {
    let message = format!(
        "`{}` publishes port {port} of the machine, which is reserved there",
        claim.party.name.value
    );
    Finding::error(CODE, message)
        .label(claim.mapping.span, "published here")
        .label(span, "reserved for something else here")
}

fn twice(a: &Claim<'_>, b: &Claim<'_>) -> Finding {
    let (first, second) = if a.mapping.span <= b.mapping.span { (a, b) } else { (b, a) };
    let (one, two) = (&first.party.name.value, &second.party.name.value);
    let whose =
        if one == two { format!("`{one}` twice") } else { format!("both `{one}` and `{two}`") };
    let port = first.ports.first().max(second.ports.first());
    let message = format!("port {port} of the machine is published by {whose}");
    Finding::error(CODE, message)
        .label(second.mapping.span, "again here")
        .label(first.mapping.span, "first here")
}
