#![doc = include_str!("placeholder_without_value.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::{Host, JobKind, Party, Text, Variable, demands},
    syntax::nearest,
    types::{HostName, PartyName, Piece, Role},
};

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
                findings.extend(judge(context, party, host, text, &roles));
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
            findings
                .extend(hosts.find_map(|(party, host)| judge(context, party, host, text, &roles)));
        }
    }
}

fn judge(
    context: Context<'_>,
    party: &Party,
    host: &Host,
    text: &Spanned<Text>,
    roles: &Roles<'_>,
) -> Option<Finding> {
    if let Some(finding) = of_party(context, text) {
        return Some(finding);
    }
    let key = (&party.name.value, &host.name.value);
    let has = |role: &Role| roles.get(&key).is_some_and(|roles| roles.contains(role));
    let unsure = party.services.iter().any(|service| !service.ports.is_whole())
        || !party.services.is_whole();
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
    let finding = Finding::error(CODE, message).label(text.span, "cannot be filled in");
    let Variable::Port(role) = missing else {
        return Some(
            finding
                .help("write the folder itself, or use `deploy \"systemd\"`, whose `home` it is"),
        );
    };
    let names: Vec<String> = roles.get(&key).into_iter().flatten().map(Role::to_string).collect();
    let near = nearest(&role.to_string(), names.iter().map(String::as_str));
    let fix = near.and_then(|near| {
        let (old, new) = (format!("{{{missing}}}"), format!("{{port.{near}}}"));
        context.write_part(format!("write `{new}`"), text.span, &old, &new)
    });
    Some(finding.help(known_ports(near, &names)).fixes(fix))
}

/// The finding for a value of a party that is not there: the party, its host or its port is unknown.
fn of_party(context: Context<'_>, text: &Spanned<Text>) -> Option<Finding> {
    let parties = &context.topology.parties;
    let missing = text.value.variables().find_map(|variable| {
        let (Variable::PartyAddress(name, _) | Variable::PartyPort(name, ..)) = variable else {
            return None;
        };
        let known = match parties.get(name) {
            None => parties.is_whole().then(|| of_parties(context, name, variable))?,
            Some(party) => values(party)?,
        };
        let written = variable.to_string();
        (!known.contains(&written)).then_some((written, known))
    });
    let (written, known) = missing?;
    let near = nearest(&written, known.iter().map(String::as_str));
    let fix = near.and_then(|near| {
        let label = format!("write `{{{near}}}`");
        context.write_part(label, text.span, &format!("{{{written}}}"), &format!("{{{near}}}"))
    });
    let list: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
    let list = format!("known: {}", list.join(", "));
    let help =
        near.map_or_else(|| list.clone(), |near| format!("did you mean `{{{near}}}`? {list}"));
    let finding = Finding::error(CODE, format!("placeholder `{{{written}}}` has no value"))
        .label(text.span, "cannot be filled in");
    Some(finding.help(help).fixes(fix))
}

/// The same value of the parties that there are: the nearest name, else all.
fn of_parties(context: Context<'_>, wrong: &PartyName, variable: &Variable) -> Vec<String> {
    let names = context.topology.parties.keys().map(PartyName::as_str);
    let near = nearest(wrong.as_str(), names.clone());
    let names: Vec<&str> = near.map_or_else(|| names.take(8).collect(), |near| vec![near]);
    let written = variable.to_string();
    let rest = written.strip_prefix(&format!("party.{wrong}")).unwrap_or_default();
    names.into_iter().map(|name| format!("party.{name}{rest}")).collect()
}

/// The placeholders for values of a party; `None` where a service or a port of it could not be read.
fn values(party: &Party) -> Option<Vec<String>> {
    let is_unsure = party.services.iter().any(|service| !service.ports.is_whole());
    if is_unsure || !party.services.is_whole() {
        return None;
    }
    let own = format!("party.{}", party.name.value);
    let mut all = vec![format!("{own}.address")];
    let ports = |host: &Host| {
        let services = party.services_on(&host.name.value);
        let ports = services.flat_map(|service| &service.ports);
        ports.map(|port| format!("port.{}", port.name.value)).collect::<BTreeSet<_>>()
    };
    let everywhere: BTreeSet<String> = party.hosts.iter().flat_map(ports).collect();
    all.extend(everywhere.iter().map(|port| format!("{own}.{port}")));
    for host in &party.hosts {
        let of_host = format!("{own}.host.{}", host.name.value);
        all.push(format!("{of_host}.address"));
        all.extend(ports(host).iter().map(|port| format!("{of_host}.{port}")));
    }
    Some(all)
}

fn known_ports(near: Option<&str>, names: &[String]) -> String {
    let list: Vec<String> = names.iter().map(|name| format!("`{{port.{name}}}`")).collect();
    let known = format!("known there: {}", list.join(", "));
    match near {
        Some(near) => format!("did you mean `{{port.{near}}}`? {known}"),
        None => known,
    }
}
