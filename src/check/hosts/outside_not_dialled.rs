#![doc = include_str!("outside_not_dialled.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
    model::{Deploy, Host, Outside, Party, demands},
    types::{HostName, Mode, PartyName, Role},
};

const CODE: Code = Code("SF0257");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("outside_not_dialled.md"), outside_not_dialled);

fn outside_not_dialled(context: Context<'_>, findings: &mut Findings) {
    if context.topology.hosts().all(|(_, host)| host.outside.is_empty()) {
        return;
    }
    // One topology may serve both modes, and only in production do parties meet.
    let mut production = context.topology.clone();
    production.mode = Mode::Production;
    let all = demands(&production);
    let listening: BTreeSet<(&PartyName, &HostName, &Role)> =
        all.iter().map(|demand| (demand.party, demand.host, &demand.role)).collect();
    for (party, host) in context.topology.hosts() {
        for outside in &host.outside {
            let role = &outside.role.value;
            let is_there = listening.contains(&(&party.name.value, &host.name.value, role));
            let is_dialled = is_there && party.is_dialled(&host.name.value, role);
            if !is_dialled && !is_gateway(party, role) {
                findings.push(finding(party, host, outside, &listening));
            }
        }
    }
}

/// Whether the role is the gateway of a party that Kuscia runs.
fn is_gateway(party: &Party, role: &Role) -> bool {
    matches!(*party.deploy, Deploy::Kuscia(_)) && *role == Role::gateway()
}

fn finding(
    party: &Party,
    host: &Host,
    outside: &Outside,
    listening: &BTreeSet<(&PartyName, &HostName, &Role)>,
) -> Finding {
    let (role, name) = (&outside.role, &host.name.value);
    let message = format!("no peer dials `{}` on host `{name}`", role.value);
    let finding = Finding::error(CODE, message)
        .label(role.span, "nothing from outside leads here")
        .label(host.name.span, "this host");
    let port = match &role.value {
        Role::Service(port) => party.service_port(name, port),
        _ => None,
    };
    if let Some(port) = port {
        return finding.label(port.name.span, "open to the party's own hosts alone").help(format!(
            "name those who dial it: `port \"{}\" {{ peers \"...\"; }}`",
            role.value
        ));
    }
    let here = listening.iter().filter(|(owner, at, _)| **owner == party.name.value && *at == name);
    let dialled = here.filter(|(_, _, role)| party.is_dialled(name, role));
    let mut names: Vec<String> = dialled.map(|(_, _, role)| format!("`{role}`")).collect();
    if matches!(*party.deploy, Deploy::Kuscia(_)) {
        names.push(format!("`{}`", Role::gateway()));
    }
    finding.help(if names.is_empty() {
        "drop it: peers dial the party's first host, and services that are opened to them"
            .to_owned()
    } else {
        format!("peers dial {} there", names.join(", "))
    })
}
