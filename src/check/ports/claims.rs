//! Pinned ports by machine, and which of them overlap.

use std::collections::BTreeMap;

use crate::{
    check::Context,
    diag::{Code, Finding, Spanned},
    model::{Demand, LiteralPort, Machine, Service, Topology, demands, literal_ports},
    types::{PortRange, RayPort, Role},
};

/// A pin that a listener has, on its machine.
#[derive(Clone, Debug)]
pub(in crate::check) struct Claim<'a> {
    /// The listener.
    pub(in crate::check) demand: Demand<'a>,
    /// Its numbers.
    pub(in crate::check) range: Spanned<PortRange>,
    /// The service in whose command they stand, where no `port` declares them.
    pub(in crate::check) in_command: Option<&'a Service>,
}

impl Claim<'_> {
    /// Whether these are the ports of Ray's workers.
    pub(super) fn is_workers(&self) -> bool {
        self.demand.role == Role::Ray(RayPort::Workers)
    }
}

/// Every pin that a listener has, by machine. Pins of roles that a host does not have are no claims.
pub(in crate::check) fn claims(topology: &Topology) -> BTreeMap<Machine<'_>, Vec<Claim<'_>>> {
    let mut by_machine: BTreeMap<Machine<'_>, Vec<Claim<'_>>> = BTreeMap::new();
    // Most topologies leave all numbers to the plan; then the listeners need not be looked at.
    if topology.parties.values().all(|party| party.pins.is_empty()) {
        return by_machine;
    }
    for demand in demands(topology) {
        if let Some(pin) = demand.pin {
            let claim = Claim { demand, range: pin.range, in_command: None };
            by_machine.entry(claim.demand.machine).or_default().push(claim);
        }
    }
    sort(&mut by_machine);
    by_machine
}

/// Every pin, and every port that stands in a command of a well-known program, by machine.
pub(in crate::check) fn listeners(topology: &Topology) -> BTreeMap<Machine<'_>, Vec<Claim<'_>>> {
    let mut by_machine = claims(topology);
    for LiteralPort { party, host, service, port } in literal_ports(topology) {
        let demand = Demand {
            party: &party.name.value,
            host: &host.name.value,
            machine: host.machine(),
            role: Role::Service(service.name.value.to_string()),
            is_dialled: false,
            count: 1,
            room: 0,
            spus: Vec::new(),
            pin: None,
            span: service.name.span,
        };
        let claim = Claim { demand, range: port.map(PortRange::from), in_command: Some(service) };
        by_machine.entry(claim.demand.machine).or_default().push(claim);
    }
    sort(&mut by_machine);
    by_machine
}

fn sort(by_machine: &mut BTreeMap<Machine<'_>, Vec<Claim<'_>>>) {
    for claims in by_machine.values_mut() {
        claims.sort_by_key(|claim| (claim.range.value, claim.range.span));
    }
}

/// A finding for each claim that shares a port with an earlier one, for the pairs that are `wanted`. `help` is for
/// pins; for a number in a command there is more to say.
pub(super) fn overlaps(
    context: Context<'_>,
    code: Code,
    help: &str,
    wanted: impl Fn(&Claim<'_>, &Claim<'_>) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (machine, claims) in listeners(context.topology) {
        // Of workers and of others, the claim with the highest last port so far. Claims come in the order of their
        // first ports, so one that shares a port with any earlier one shares one with these.
        let mut furthest: [Option<&Claim<'_>>; 2] = [None, None];
        for claim in &claims {
            for earlier in furthest.iter().flatten() {
                if earlier.range.value.last() >= claim.range.value.first() && wanted(earlier, claim)
                {
                    let finding = overlap(code, machine, earlier, claim);
                    let service = claim.in_command.or(earlier.in_command);
                    findings.push(finding.help(match service.map(|service| &service.name.value) {
                        Some(name) => format!(
                            "declare `port \"{name}\"` in service `{name}` and write `{{port.{name}}}` for the number in its command, and sfgen allots a free one"
                        ),
                        None => help.to_owned(),
                    }));
                }
            }
            let own = &mut furthest[usize::from(claim.is_workers())];
            if own.is_none_or(|known| known.range.value.last() < claim.range.value.last()) {
                *own = Some(claim);
            }
        }
    }
    findings
}

/// The finding without a help; the place that was written later comes first.
fn overlap(code: Code, machine: Machine<'_>, a: &Claim<'_>, b: &Claim<'_>) -> Finding {
    let (first, second) = if a.range.span <= b.range.span { (a, b) } else { (b, a) };
    let (one, two) = (first.range.value, second.range.value);
    let common = PortRange::new(one.first().max(two.first()), one.last().min(two.last()));
    let common = common.expect("the two share a number");
    let (port, verb) = if common.count() == 1 { ("port", "is") } else { ("ports", "are") };
    let name = |claim: &Claim<'_>| format!("`{}` of `{}`", claim.demand.role, claim.demand.party);
    let message = match (first.is_workers(), second.is_workers()) {
        (true, false) => inside(port, common, second, first),
        (false, true) => inside(port, common, first, second),
        _ => {
            let (one, two) = (name(first), name(second));
            format!("{port} {common} on {machine} {verb} claimed by both {one} and {two}")
        }
    };
    Finding::error(code, message)
        .label(second.range.span, format!("{} here", name(second)))
        .label(first.range.span, format!("{} here", name(first)))
}

fn inside(port: &str, common: PortRange, claim: &Claim<'_>, workers: &Claim<'_>) -> String {
    format!(
        "{port} {common} (`{}` of `{}`) lies inside the range {} of the Ray workers of `{}`",
        claim.demand.role, claim.demand.party, workers.range.value, workers.demand.party
    )
}
