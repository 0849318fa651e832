#![doc = include_str!("ray_address_not_own.md")]

use std::collections::BTreeSet;

use crate::{
    check::{
        Check, Context,
        services::texts::{RAY_ADDRESS, ServiceText, is_ray_option, service_texts},
    },
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Demand, Host, Party, demands},
    types::{Port, RayPort, Role},
};

use super::start::starts_ray;

const CODE: Code = Code("SF0306");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("ray_address_not_own.md"), ray_address_not_own);

/// Words that Ray takes instead of an address: start one, or find any on this machine.
const WORDS: [&str; 2] = ["local", "auto"];

fn ray_address_not_own(context: Context<'_>, findings: &mut Findings) {
    if !context.is_production() || !context.has_ray() {
        return;
    }
    let texts = service_texts(context.topology);
    let named: Vec<_> = texts.iter().filter_map(|text| Some((text, ray_address(text)?))).collect();
    if named.is_empty() {
        return;
    }
    let demands = demands(context.topology);
    // A service that starts Ray itself is reported by another check.
    let services = context.topology.parties.values().flat_map(|party| &party.services);
    let starting: BTreeSet<SourceSpan> =
        services.filter(|own| starts_ray(own)).map(|own| own.name.span).collect();
    for (text, value) in named {
        if starting.contains(&text.service.name.span) {
            continue;
        }
        let name = &text.service.name.value;
        let own = own_ray(&demands, text, value);
        let help = match &own {
            Some(own) => {
                format!("write `{own}`, the party's own Ray, or drop it: jobs are told by sfgen")
            }
            None => {
                "drop it: jobs are told by sfgen, and the party's own Ray is in `RAY_HEAD_ADDRESS`"
                    .to_owned()
            }
        };
        let fix = own
            .and_then(|own| context.write_part(format!("write `{own}`"), text.span, value, &own));
        if WORDS.contains(&value) && text.variable.is_some() {
            let what = if value == "auto" {
                "whichever Ray is found on the machine"
            } else {
                "a Ray of its own beside the planned one"
            };
            let finding = Finding::error(CODE, format!("service `{name}` would use {what}"))
                .label(text.span, "no address")
                .label(text.host.ray.span.unwrap_or(text.host.name.span), "Ray is planned here")
                .help(help)
                .fixes(fix);
            findings.push(finding);
        } else if let Some((other, host)) = owner(context, &demands, text, value) {
            let other = &other.name.value;
            let message = format!(
                "service `{name}` of `{}` dials the Ray of `{other}`",
                text.party.name.value
            );
            let finding = Finding::error(CODE, message)
                .label(text.span, "in production every party has a Ray of its own")
                .label(host.address.span, format!("this is `{other}`"))
                .help(help)
                .fixes(fix);
            findings.push(finding);
        }
    }
}

/// The address of a Ray that this text is: the value of Ray's variable, or of an option `--address`.
fn ray_address<'a>(text: &'a ServiceText<'_>) -> Option<&'a str> {
    match (text.variable, text.text.split_once('=')) {
        (Some(variable), _) => (variable == RAY_ADDRESS).then_some(text.text.as_str()),
        (None, Some((option, value))) if is_ray_option(option) => Some(value),
        (None, _) => {
            text.before.as_deref().is_some_and(is_ray_option).then_some(text.text.as_str())
        }
    }
}

/// The other party whose machine an address names, and which machine.
fn owner<'a>(
    context: Context<'a>,
    demands: &[Demand<'_>],
    text: &ServiceText<'_>,
    value: &str,
) -> Option<(&'a Party, &'a Host)> {
    let authority = value.strip_prefix("ray://").unwrap_or(value);
    let (address, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let address = address.parse().ok()?;
    let own = &text.party.name.value;
    let has =
        |host: &Host| [&host.address, host.own_address()].iter().any(|own| own.value == address);
    let mut named = context.topology.hosts().filter(|(_, host)| has(host));
    if !text.party.hosts.iter().any(has) {
        return named.find(|(party, _)| party.name.value != *own);
    }
    // On a machine that both parties have, the port tells whose Ray it is.
    let port: Port = port.parse().ok()?;
    let is_ray = |role: &Role| {
        [RayPort::Gcs, RayPort::ClientServer].into_iter().any(|ray| *role == Role::Ray(ray))
    };
    let pinned = demands.iter().find(|demand| {
        let has_port = demand.pin.is_some_and(|pin| pin.range.value.contains(port));
        let is_there = *demand.machine.dialled == address || *demand.machine.own == address;
        demand.party != own && is_ray(&demand.role) && has_port && is_there
    })?;
    named.find(|(party, _)| party.name.value == *pinned.party)
}

/// The party's own Ray on this host, of the kind that the address names; `None` where none is there.
fn own_ray(demands: &[Demand<'_>], text: &ServiceText<'_>, value: &str) -> Option<String> {
    let is_client = value.starts_with("ray://");
    let role = Role::Ray(if is_client { RayPort::ClientServer } else { RayPort::Gcs });
    let is_own = |demand: &Demand<'_>| {
        demand.party == &text.party.name.value
            && demand.host == &text.host.name.value
            && demand.role == role
    };
    let scheme = if is_client { "ray://" } else { "" };
    let is_there = demands.iter().any(is_own);
    is_there.then(|| format!("{scheme}{{host.address}}:{{port.{role}}}"))
}
