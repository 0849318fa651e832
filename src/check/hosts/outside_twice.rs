#![doc = include_str!("outside_twice.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Machine, demands},
    types::{HostAddr, PartyName, PortRange, Role},
};

const CODE: Code = Code("SF0258");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("outside_twice.md"), outside_twice);

/// Numbers that peers dial at an address.
struct Dialled<'a> {
    party: &'a PartyName,
    role: Role,
    range: PortRange,
    span: SourceSpan,
    /// The machine, where the number is a pin: two pins of one machine are reported by another check.
    pinned_on: Option<Machine<'a>>,
}

fn outside_twice(context: Context<'_>, findings: &mut Findings) {
    let is_plain = |host: &crate::model::Host| host.outside.is_empty() && host.inside.is_none();
    if context.topology.hosts().all(|(_, host)| is_plain(host)) {
        return;
    }
    let mut by_address: BTreeMap<&HostAddr, Vec<Dialled<'_>>> = BTreeMap::new();
    for (party, host) in context.topology.hosts() {
        let all = host.outside.iter().map(|outside| Dialled {
            party: &party.name.value,
            role: outside.role.value.clone(),
            range: outside.range.value,
            span: outside.range.span,
            pinned_on: None,
        });
        by_address.entry(&host.address.value).or_default().extend(all);
    }
    for demand in demands(context.topology).into_iter().filter(|demand| demand.is_dialled) {
        let Some(pin) = demand.pin else { continue };
        by_address.entry(demand.machine.dialled).or_default().push(Dialled {
            party: demand.party,
            role: demand.role,
            range: pin.range.value,
            span: pin.range.span,
            pinned_on: Some(demand.machine),
        });
    }
    for (address, mut all) in by_address {
        all.sort_by_key(|one| (one.range, one.span));
        let mut furthest: Option<&Dialled<'_>> = None;
        for one in &all {
            if let Some(other) = furthest.filter(|other| other.range.overlaps(one.range)) {
                let is_one_machine = one.pinned_on.is_some() && one.pinned_on == other.pinned_on;
                findings.extend((!is_one_machine).then(|| finding(address, other, one)));
            }
            if furthest.is_none_or(|other| other.range.last() < one.range.last()) {
                furthest = Some(one);
            }
        }
    }
}

fn finding(address: &HostAddr, a: &Dialled<'_>, b: &Dialled<'_>) -> Finding {
    let (first, second) = if a.span <= b.span { (a, b) } else { (b, a) };
    let port = first.range.first().max(second.range.first());
    let name = |one: &Dialled<'_>| format!("`{}` of `{}`", one.role, one.party);
    let message =
        format!("port {port} of {address} would lead to both {} and {}", name(first), name(second));
    Finding::error(CODE, message)
        .label(second.span, format!("{} here", name(second)))
        .label(first.span, format!("{} here", name(first)))
        .help("let peers dial another number for one of them: at one address, each number leads to one listener")
}
