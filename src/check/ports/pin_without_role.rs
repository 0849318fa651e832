#![doc = include_str!("pin_without_role.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Party, Pin, demands},
    syntax::nearest,
    types::{HostName, Mode, PartyName},
};

const CODE: Code = Code("SF0212");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("pin_without_role.md"), pin_without_role);

fn pin_without_role(context: Context<'_>, findings: &mut Findings) {
    if context.topology.parties.values().all(|party| party.pins.is_empty()) {
        return;
    }
    // One topology may serve both modes, so roles that exist only in production may be pinned in a simulation too.
    let mut production = context.topology.clone();
    production.mode = Mode::Production;
    let mut listening: BTreeMap<(&PartyName, &HostName), BTreeSet<String>> = BTreeMap::new();
    for demand in demands(context.topology).into_iter().chain(demands(&production)) {
        let roles = listening.entry((demand.party, demand.host)).or_default();
        roles.insert(demand.role.to_string());
    }
    for party in context.topology.parties.values() {
        for pin in &party.pins {
            let Some(main) = party.main_host() else { continue };
            let host = pin.host.as_ref().map_or(&main.name.value, |host| &host.value);
            if party.hosts.iter().all(|own| own.name.value != *host) {
                findings.extend(unknown_host(context, party, pin));
                continue;
            }
            let roles = listening.get(&(&party.name.value, host)).cloned().unwrap_or_default();
            if !roles.contains(&pin.role.value.to_string()) {
                findings.push(unknown_role(context, pin, host, &roles));
            }
        }
    }
}

fn unknown_host(context: Context<'_>, party: &Party, pin: &Pin) -> Option<Finding> {
    let host = pin.host.as_ref()?;
    let names: Vec<&str> = party.hosts.iter().map(|own| own.name.value.as_str()).collect();
    let known = format!("its hosts: {}", names.join(", "));
    let near = nearest(host.value.as_str(), names);
    let fix = near.and_then(|near| context.write(format!("write `{near}`"), host, near));
    let help = near.map_or_else(|| known.clone(), |near| format!("did you mean `{near}`? {known}"));
    let message = format!("`{}` has no host `{}`", party.name.value, host.value);
    Some(
        Finding::error(CODE, message)
            .label(host.span, "no such host of this party")
            .help(help)
            .fixes(fix),
    )
}

fn unknown_role(
    context: Context<'_>,
    pin: &Pin,
    host: &HostName,
    roles: &BTreeSet<String>,
) -> Finding {
    let role = &pin.role;
    let list: Vec<String> = roles.iter().map(|role| format!("`{role}`")).collect();
    let known = format!("listening there: {}", list.join(", "));
    let near = nearest(&role.value.to_string(), roles.iter().map(String::as_str));
    let fix = near.and_then(|near| context.write(format!("write `{near}`"), role, near));
    let help = near.map_or_else(|| known.clone(), |near| format!("did you mean `{near}`? {known}"));
    let message = format!("host `{host}` has no listener `{}` to pin", role.value);
    Finding::error(CODE, message)
        .label(role.span, "nothing listens under this name")
        .help(help)
        .fixes(fix)
}
