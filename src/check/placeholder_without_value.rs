#![doc = include_str!("placeholder_without_value.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diag::{Code, Finding, Findings, Spanned},
    model::{Host, JobKind, Party, Text, Variable, demands},
    syntax::nearest,
    types::{HostName, PartyName, Piece, Role},
};

use super::{Check, Context};

const CODE: Code = Code("SF0108");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("placeholder_without_value.md"), placeholder_without_value);

type Roles<'a> = BTreeMap<(&'a PartyName, &'a HostName), BTreeSet<Role>>;

fn placeholder_without_value(context: Context<'_>, findings: &mut Findings) {
    let mut roles = Roles::new();
    for demand in demands(context.topology) {
        roles.entry((demand.party, demand.host)).or_default().insert(demand.role);
    }
    for party in context.topology.parties.values() {
        for service in &party.services {
            let Some(host) = party.host_of(service) else { continue };
            for text in service.command.iter().chain(service.env.values()) {
                findings.extend(judge(party, host, text, &roles));
            }
        }
    }
    for job in context.topology.jobs.values() {
        let JobKind::Script { args, .. } = &job.kind else { continue };
        let filled = |text: &&Spanned<Text>| {
            text.value.0.iter().any(|piece| matches!(piece, Piece::Variable(_)))
        };
        for text in args.iter().filter(filled) {
            let members =
                job.parties.iter().filter_map(|name| context.topology.parties.get(&name.value));
            let mut hosts = members.filter_map(|party| Some((party, party.main_host()?)));
            findings.extend(hosts.find_map(|(party, host)| judge(party, host, text, &roles)));
        }
    }
}

fn judge(party: &Party, host: &Host, text: &Spanned<Text>, roles: &Roles<'_>) -> Option<Finding> {
    let key = (&party.name.value, &host.name.value);
    let has = |role: &Role| roles.get(&key).is_some_and(|roles| roles.contains(role));
    let unsure =
        party.services.iter().any(|service| !service.is_complete) || !party.has_all_services;
    let missing = text.value.0.iter().find_map(|piece| match piece {
        Piece::Variable(variable @ Variable::Port(role)) if !has(role) && !unsure => Some(variable),
        Piece::Variable(variable @ Variable::Home) if party.deploy.home().is_none() => {
            Some(variable)
        }
        _ => None,
    })?;
    let message = format!(
        "placeholder `{{{missing}}}` has no value on host `{}` of `{}`",
        host.name.value, party.name.value
    );
    let help = match missing {
        Variable::Port(role) => known_ports(role, roles.get(&key)),
        _ => "write the folder itself, or use `deploy \"systemd\"`, whose `home` it is".to_owned(),
    };
    Some(Finding::error(CODE, message).label(text.span, "cannot be filled in").help(help))
}

fn known_ports(role: &Role, roles: Option<&BTreeSet<Role>>) -> String {
    let names: Vec<String> = roles.into_iter().flatten().map(ToString::to_string).collect();
    let list: Vec<String> = names.iter().map(|name| format!("`{{port.{name}}}`")).collect();
    let known = format!("known there: {}", list.join(", "));
    match nearest(&role.to_string(), names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{{port.{near}}}`? {known}"),
        None => known,
    }
}
