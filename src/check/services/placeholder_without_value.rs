#![doc = include_str!("placeholder_without_value.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, Spanned},
    model::{Host, JobKind, MachineFiles, Party, Service, Text, Variable, demands},
    syntax::nearest,
    types::{HostName, PartyName, Piece, Role, SecretName},
};

use super::party_values::missing_value;

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
                findings.extend(judge(context, (party, host, Some(service)), text, &roles));
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
            let found =
                hosts.find_map(|(party, host)| judge(context, (party, host, None), text, &roles));
            findings.extend(found);
        }
    }
}

/// Judges the text of a service, or of a job, of a party on one of its hosts.
fn judge(
    context: Context<'_>,
    (party, host, service): (&Party, &Host, Option<&Service>),
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
        Piece::Variable(variable @ Variable::Secret(name))
            if party.secret(host, service, name).is_none()
                && declared(party, host, service).all(|files| files.secrets.is_whole()) =>
        {
            Some(variable)
        }
        _ => None,
    })?;
    let message = format!(
        "placeholder `{{{missing}}}` has no value on host `{}` of `{}`",
        host.name.value, party.name.value
    );
    let finding = Finding::error(CODE, message).label(text.span, "cannot be filled in");
    if let Variable::Secret(name) = missing {
        let (help, near) = declare(name, (party, host, service));
        let fix = near.and_then(|near| {
            let (old, new) = (format!("{{{missing}}}"), format!("{{secret.{near}}}"));
            context.write_part(format!("write `{new}`"), text.span, &old, &new)
        });
        return Some(finding.help(help).fixes(fix));
    }
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

/// The finding for a value of a party that is not there.
fn of_party(context: Context<'_>, text: &Spanned<Text>) -> Option<Finding> {
    let (written, known) = missing_value(context.topology, &text.value)?;
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

/// The nodes that may declare what a text of a service, or of a job, stands for.
fn declared<'a>(
    party: &'a Party,
    host: &'a Host,
    service: Option<&'a Service>,
) -> impl Iterator<Item = &'a MachineFiles> {
    service.map(|service| &service.files).into_iter().chain([&host.files, &party.files])
}

/// What to do about a secret that nobody declares, and the declared one that may be meant.
fn declare<'a>(
    name: &SecretName,
    (party, host, service): (&'a Party, &'a Host, Option<&'a Service>),
) -> (String, Option<&'a str>) {
    let secrets = declared(party, host, service).flat_map(|files| files.secrets.iter());
    let near = nearest(name.as_str(), secrets.map(|secret| secret.name.value.as_str()));
    let write =
        format!("`secret \"{name}\" file=\"/etc/sfgen/{name}\"` in the party says where it lies");
    let help = match near {
        Some(near) => format!("did you mean `{{secret.{near}}}`? {write}"),
        None => write,
    };
    (help, near)
}

fn known_ports(near: Option<&str>, names: &[String]) -> String {
    let list: Vec<String> = names.iter().map(|name| format!("`{{port.{name}}}`")).collect();
    let known = format!("known there: {}", list.join(", "));
    match near {
        Some(near) => format!("did you mean `{{port.{near}}}`? {known}"),
        None => known,
    }
}
