#![doc = include_str!("after_circle.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Party, Service},
    types::ServiceName,
};

const CODE: Code = Code("SF0107");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("after_circle.md"), after_circle);

fn after_circle(context: Context<'_>, findings: &mut Findings) {
    for party in context.topology.parties.values() {
        for host in &party.hosts {
            let services = party.services_on(&host.name.value);
            let open: BTreeMap<&ServiceName, &Service> =
                services.map(|service| (&service.name.value, service)).collect();
            findings.extend(circle(open).map(|circle| finding(party, &circle)));
        }
    }
}

/// Those that wait for each other, each for the next and the last for the first.
fn circle<'a>(mut open: BTreeMap<&'a ServiceName, &'a Service>) -> Option<Vec<&'a Service>> {
    loop {
        let before = open.len();
        let waits = |service: &Service, open: &BTreeMap<&ServiceName, &Service>| {
            service.services_awaited().any(|name| open.contains_key(name))
        };
        let left = open.clone();
        open.retain(|_, service| waits(service, &left));
        if open.len() == before {
            break;
        }
    }
    // Each service that is left waits for another one that is left, so following the names leads to one twice.
    let mut path: Vec<&'a Service> = vec![open.values().next().copied()?];
    loop {
        let last = path.last()?;
        let next = last.services_awaited().find_map(|name| open.get(name).copied())?;
        let met = path.iter().position(|service| service.name.value == next.name.value);
        match met {
            Some(start) => return Some(path.split_off(start)),
            None => path.push(next),
        }
    }
}

fn finding(party: &Party, circle: &[&Service]) -> Finding {
    let names: Vec<String> =
        circle.iter().map(|service| format!("`{}`", service.name.value)).collect();
    let message = if let [one] = names.as_slice() {
        format!("service {one} of `{}` waits for itself", party.name.value)
    } else {
        format!("services of `{}` wait for each other: {}", party.name.value, names.join(", "))
    };
    let first = circle.iter().min_by_key(|service| service.name.span);
    let places = first.into_iter().chain(
        circle
            .iter()
            .filter(|service| first.is_some_and(|first| first.name.value != service.name.value)),
    );
    let finding = places.fold(Finding::error(CODE, message), |finding, service| {
        let after = service.after.first().map_or(service.name.span, |name| name.span);
        finding.label(after, format!("`{}` waits", service.name.value))
    });
    finding.help("drop one of the names from `after`, so that one of them can start first")
}
