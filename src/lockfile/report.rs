//! What is wrong with an allotment: two lines of the lock for one number, or a pool without room.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diag::{Code, Finding, Findings},
    model::{Demand, LiteralPort, Machine, Topology},
    types::{PortRange, PortScope},
};

use super::format::{Key, Line, Lock, line_name};

/// Two lines of the lock claim one number of one machine.
const LOCK_OVERLAP: Code = Code("SF0603");
/// A service listens, by its command, on a number that another listener has.
const DISPLACED: Code = Code("SF0612");
/// The pool has no room left.
const POOL_TOO_SMALL: Code = Code("SF0210");

/// Reports lines that give one number away twice: to two listeners of a machine, or to two SPUs of a host.
pub(super) fn report_overlaps(
    demands: &[Demand<'_>],
    keys: &[Key],
    lock: &Lock,
    findings: &mut Findings,
) {
    let mut by_machine: BTreeMap<Machine<'_>, Vec<(String, Line)>> = BTreeMap::new();
    let open = demands.iter().zip(keys).filter(|(demand, _)| demand.pin.is_none());
    for (demand, key) in open {
        if let Some(lines) = lock.ports.get(key) {
            by_machine.entry(demand.machine).or_default().extend(named(key, lines));
        }
    }
    for (machine, claims) in by_machine {
        report_pairs(&machine.to_string(), claims, findings);
    }
    let mut by_host: BTreeMap<_, Vec<(String, Line)>> = BTreeMap::new();
    for (key, lines) in &lock.spus {
        by_host.entry((&key.party, &key.host)).or_default().extend(named(key, lines));
    }
    for ((_, host), claims) in by_host {
        report_pairs(host.as_str(), claims, findings);
    }
}

fn named(key: &impl std::fmt::Display, lines: &[Line]) -> Vec<(String, Line)> {
    (1..).zip(lines).map(|(number, line)| (line_name(key, number), *line)).collect()
}

fn report_pairs(place: &str, mut claims: Vec<(String, Line)>, findings: &mut Findings) {
    claims.sort_by(|(a, one), (b, two)| (one.range, a).cmp(&(two.range, b)));
    for pair in claims.windows(2) {
        let [(first, a), (second, b)] = pair else { continue };
        if !a.range.overlaps(b.range) {
            continue;
        }
        let message = format!("the lock gives {} on {place} to both {first} and {second}", b.range);
        let mut finding = Finding::error(LOCK_OVERLAP, message);
        for (line, text) in [(b, "this line"), (a, "and this line")] {
            if let Some(span) = line.span {
                finding = finding.label(span, text);
            }
        }
        findings.push(finding.help(
            "restore the lock from git, or remove one of the two lines to have its ports allotted anew",
        ));
    }
}

/// The finding for a number in a command that the lock has for another listener of the machine.
pub(super) fn displacement(literal: &LiteralPort<'_>, demand: &Demand<'_>) -> Finding {
    let LiteralPort { party, service, port, .. } = literal;
    let (name, owner) = (&service.name.value, demand.party);
    let message = format!(
        "`{name}` of `{}` listens on {}, which the lock has for `{}` of `{owner}`",
        party.name.value, port.value, demand.role
    );
    Finding::error(DISPLACED, message)
        .label(port.span, "this number")
        .label(demand.span, format!("`{}` is wanted here", demand.role))
        .help(format!(
            "declare `port \"{name}\"` and write `{{port.{name}}}` for the number, or choose one that is not in `sfgen.lock`"
        ))
}

/// The pool with room for `count` more, upwards first; `None` where ports that programs may listen on do not suffice.
fn widened(pool: PortRange, count: u32) -> Option<(u32, u32)> {
    let (first, last) = (u32::from(pool.first().get()), u32::from(pool.last().get()));
    let (lowest, highest) = (PortRange::PLANNABLE.first(), PortRange::PLANNABLE.last());
    let above = u32::from(highest.get()).saturating_sub(last).min(count);
    let first = first.checked_sub(count - above)?;
    (first >= u32::from(lowest.get())).then_some((first, last + above))
}

/// Reports that the pool does not suffice, once.
pub(super) fn report_missing(
    topology: &Topology,
    missing: &BTreeMap<Machine<'_>, (u32, &Demand<'_>)>,
    findings: &mut Findings,
) {
    let pool = &topology.ports.pool;
    let Some((machine, (_, demand))) = missing.iter().next() else { return };
    let count: u32 = missing.values().map(|(count, _)| count).sum();
    let message = format!(
        "the pool {} has {count} ports too few: there is no room for `{}` of {}",
        pool.value, demand.role, demand.party
    );
    let mut ways = Vec::new();
    if let Some((first, last)) = widened(pool.value, count) {
        ways.push(format!(
            "widen the pool (`pool {first} {last}` or more, from {} to {})",
            PortRange::PLANNABLE.first(),
            PortRange::PLANNABLE.last()
        ));
    }
    let machines: BTreeSet<_> = topology.hosts().map(|(_, host)| host.machine()).collect();
    if topology.ports.scope == PortScope::Global && machines.len() > 1 {
        let why = "since only listeners of one machine can collide";
        ways.push(format!("write `ports scope=\"host\"`, {why}"));
    } else {
        ways.push(format!("give the parties on {machine} fewer slots or CPUs"));
    }
    let help = ways.join(", or ");
    let finding = Finding::error(POOL_TOO_SMALL, message)
        .label(pool.span, "this pool")
        .label(demand.span, format!("`{}` is wanted here", demand.role))
        .help(help);
    findings.push(finding);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Port;

    fn pool(first: u16, last: u16) -> PortRange {
        let port = |number| Port::try_from(i128::from(number)).unwrap();
        PortRange::new(port(first), port(last)).unwrap()
    }

    #[test]
    fn a_pool_is_widened_upwards_then_downwards_and_never_into_ports_of_others() {
        assert_eq!(widened(pool(20000, 20010), 40), Some((20000, 20050)));
        assert_eq!(widened(pool(20000, 32760), 40), Some((19967, 32767)));
        assert_eq!(widened(pool(1024, 32760), 40), None);
        assert_eq!(widened(pool(40000, 40010), 40), Some((39960, 40010)));
    }
}
