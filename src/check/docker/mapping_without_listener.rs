#![doc = include_str!("mapping_without_listener.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Party, Pin},
    types::{Port, PortMapping, PortRange, Role},
};

use super::published::Published;

const CODE: Code = Code("SF1007");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("mapping_without_listener.md"), mapping_without_listener);

fn mapping_without_listener(context: Context<'_>, findings: &mut Findings) {
    let published = Published::new(context);
    for (party, mapping) in published.mappings() {
        let Some(machine) = mapping.value.machine else { continue };
        let container = mapping.value.container;
        let Some(dead) = first_dead(party, container) else { continue };
        let (ports, lead) =
            if machine.count() == 1 { ("port", "leads") } else { ("ports", "lead") };
        let message = format!(
            "{ports} {machine} {lead} to port {dead} of the containers of `{}`, where nothing is declared to listen",
            party.name.value
        );
        let finding = Finding::error(CODE, message).label(mapping.span, "leads nowhere");
        let pin = published.pin_for(party, container);
        let pin = pin.map(|pin| format!("say who listens there: {pin}"));
        let (place, label, first, fix) =
            if let Some((listener, right)) = meant(party, &mapping.value, dead) {
                let label = format!("`{}` listens here", listener.role.value);
                let write = format!("write `publish \"{right}\"`");
                let fix = context.write(write.clone(), mapping, &right);
                (listener.range.span, label, write, fix)
            } else {
                let place = party.main_host().map_or(party.name.span, |host| host.address.span);
                (place, "no port is declared here".to_owned(), "drop the mapping".to_owned(), None)
            };
        let help = [Some(first), pin].into_iter().flatten().collect::<Vec<_>>().join(", or ");
        let finding = finding.label(place, label).help(help).fixes(fix);
        findings.push(finding);
    }
}

/// The first port of the range that no pin of the party holds.
fn first_dead(party: &Party, range: PortRange) -> Option<Port> {
    let mut port = range.first();
    while let Some(pin) = party.pin_at(port) {
        if pin.range.value.last() >= range.last() {
            return None;
        }
        port = pin.range.value.last().plus(1)?;
    }
    Some(port)
}

/// The listener for which the mapping was probably made, and the mapping that leads there.
fn meant<'a>(
    party: &'a Party,
    mapping: &PortMapping,
    dead: Port,
) -> Option<(&'a Pin, PortMapping)> {
    let machine = mapping.machine?;
    let own = mapping.container.first();
    // The part of the mapping up to the port where nothing listens is right.
    let right = dead.get() - own.get();
    if let Some(pin) = party.pin_at(own) {
        let machine = PortRange::of_len(machine.first(), right);
        let container = PortRange::of_len(own, right)?;
        return Some((pin, PortMapping { machine, container, ..*mapping }));
    }
    let pins = || party.pins.iter().filter(|pin| !matches!(pin.role.value, Role::Ray(_)));
    let published = party.deploy.published();
    let is_taken = |pin: &&Pin| {
        let lead = |other: &PortMapping| other.container.overlaps(pin.range.value);
        published.iter().any(|other| lead(&other.value))
    };
    let same = pins().find(|pin| pin.range.value.contains(machine.first()));
    let is_service = |pin: &&Pin| matches!(pin.role.value, Role::Service(_));
    let free = || pins().filter(|pin| !is_taken(pin));
    let pin = same.or_else(|| free().find(is_service)).or_else(|| free().next());
    let pin = pin.or_else(|| pins().next())?;
    let listens = pin.range.value;
    let first = if listens.contains(machine.first()) { machine.first() } else { listens.first() };
    let count = machine.count().min(u32::from(listens.last().get() - first.get()) + 1);
    let count = u16::try_from(count).ok()?;
    let container = PortRange::of_len(first, count)?;
    let machine = PortRange::of_len(machine.first(), count);
    Some((pin, PortMapping { machine, container, ..*mapping }))
}
