#![doc = include_str!("dials_localhost.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{
        Check, Context,
        ports::claims::{Claim, listeners},
    },
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Host, Machine, Party, Service, ServicePort, Topology, demands},
    types::{PartyName, Port, RayPort, Role},
};

use super::{
    texts::{Dial, Kind, RAY_ADDRESS, ServiceText, listens, loopback_dials, service_texts},
    urls::is_no_url,
};

const CODE: Code = Code("SF0112");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("dials_localhost.md"), dials_localhost);

fn dials_localhost(context: Context<'_>, findings: &mut Findings) {
    let texts = service_texts(context.topology);
    if texts.iter().all(|text| loopback_dials(&text.text).is_empty()) {
        return;
    }
    let claims = listeners(context.topology);
    // Where a service or a port could not be read, it may be the one that is meant.
    let is_unsure = |party: &&Party| {
        !party.services.is_whole() || party.services.iter().any(|service| !service.ports.is_whole())
    };
    let unsure = context.topology.parties.values().filter(is_unsure);
    let unsure: BTreeSet<&PartyName> = unsure.map(|party| &party.name.value).collect();
    for text in &texts {
        // An address to listen on is not dialled, and a value that is not a URL is reported by another check.
        if unsure.contains(&text.party.name.value)
            || listens(text)
            || is_no_url(text.variable, &text.text)
        {
            continue;
        }
        let dials = loopback_dials(&text.text);
        findings.extend(dials.iter().find_map(|dial| judge(context, text, dial, &claims)));
    }
}

type Claims<'a> = BTreeMap<Machine<'a>, Vec<Claim<'a>>>;

/// What was meant to be dialled.
enum Meant<'a> {
    Service(&'a Service, &'a Host, Option<&'a ServicePort>),
    Ray(RayPort),
}

fn judge(
    context: Context<'_>,
    text: &ServiceText<'_>,
    dial: &Dial,
    claims: &Claims<'_>,
) -> Option<Finding> {
    let (party, host) = (text.party, text.host);
    let port = Port::try_from(i128::from(dial.port)).ok()?;
    let bridge = party.deploy.bridge();
    let is_own = |claim: &&Claim<'_>| {
        let demand = &claim.demand;
        bridge.is_none() || (demand.party == &party.name.value && demand.host == &host.name.value)
    };
    let mut pinned = claims.get(&host.machine()).into_iter().flatten().filter(is_own);
    // A number of the pool may be one that was allotted before and copied from PORTS.md.
    if pinned.any(|claim| claim.range.value.contains(port))
        || context.topology.ports.pool.value.contains(port)
    {
        return None;
    }
    let reserved = |other: &Host| other.reserved.iter().any(|number| number.value == port);
    let same_machine = |other: &Host| other.machine() == host.machine();
    let mut hosts = context.topology.hosts();
    if bridge.is_none() && hosts.any(|(_, other)| same_machine(other) && reserved(other)) {
        return None;
    }
    let meant = meant(context.topology, text, dial, port);
    let mistake = match (meant, bridge) {
        (Some(Meant::Ray(role)), _) => ray(text, role),
        (Some(Meant::Service(service, on, port)), _) => elsewhere(text, dial, (service, on), port),
        (None, Some(network)) => Mistake {
            message: format!(
                "service `{}` dials port {port} of its own containers, where nothing listens",
                text.service.name.value
            ),
            place: network.span,
            label: "its localhost is the containers of this host alone".to_owned(),
            help: "dial the address of the machine on which that program runs, or declare the program as a `service` with a `port`".to_owned(),
            address: None,
        },
        (None, None) => return None,
    };
    let help = mistake.help;
    let fix = mistake.address.and_then(|address| {
        let label = format!("write `{address}` for that address");
        context.write_part(label, text.span, &text.text[dial.at.clone()], &address)
    });
    let finding = Finding::error(CODE, mistake.message)
        .label(text.span, format!("port {port} of `{}` itself", host.name.value))
        .label(mistake.place, mistake.label)
        .help(match bridge {
            Some(_) => help,
            None => format!(
                "{help}; if another program of this machine is meant: `reserve {port}` in its `host`"
            ),
        });
    Some(finding.fixes(fix))
}

fn meant<'a>(
    topology: &Topology,
    text: &ServiceText<'a>,
    dial: &Dial,
    port: Port,
) -> Option<Meant<'a>> {
    let (party, host) = (text.party, text.host);
    let is_ray = text.variable == Some(RAY_ADDRESS) || dial.scheme.as_deref() == Some("ray");
    if is_ray {
        let is_client = dial.scheme.as_deref() == Some("ray");
        let role = if is_client { RayPort::ClientServer } else { RayPort::Gcs };
        let is_here = |demand: &crate::model::Demand<'_>| {
            demand.party == &party.name.value && demand.role == Role::Ray(role)
        };
        return demands(topology).iter().any(is_here).then_some(Meant::Ray(role));
    }
    let has_number = |service: &&Service| {
        service.ports.iter().any(|own| own.number.is_some_and(|number| number.value == port))
    };
    let kind = dial.kind();
    let is_named = |service: &&Service| {
        is_called(service.name.value.as_str(), dial, kind)
            || service.ports.iter().any(|own| is_called(&own.name.value, dial, kind))
    };
    let here = || party.services_on(&host.name.value);
    let found = here()
        .find(is_named)
        .or_else(|| party.services.iter().find(has_number))
        .or_else(|| party.services.iter().find(is_named))?;
    let on = party.host_of(found)?;
    let named = found.ports.iter().find(|own| is_called(&own.name.value, dial, kind));
    Some(Meant::Service(found, on, named.or(found.ports.first())))
}

fn is_called(name: &str, dial: &Dial, kind: Option<&Kind>) -> bool {
    dial.scheme.as_deref().is_some_and(|scheme| scheme.split('+').any(|part| part == name))
        || kind.is_some_and(|kind| kind.names.contains(&name))
}

/// What is wrong with an address that is dialled, and what is to be done.
struct Mistake {
    message: String,
    /// The place of what was meant.
    place: SourceSpan,
    /// What stands there.
    label: String,
    help: String,
    /// What is to stand in place of the address, where nothing else must be written.
    address: Option<String>,
}

fn ray(text: &ServiceText<'_>, role: RayPort) -> Mistake {
    let host = text.host;
    let role = Role::Ray(role);
    let scheme = if text.text.contains("ray://") { "ray://" } else { "" };
    let address = format!("{{host.address}}:{{port.{role}}}");
    Mistake {
        message: format!(
            "service `{}` dials Ray on a port that it has not",
            text.service.name.value
        ),
        place: host.ray.span.unwrap_or(host.name.span),
        label: format!("Ray's `{role}` has a planned port"),
        help: format!("write `{scheme}{address}`"),
        address: Some(address),
    }
}

fn elsewhere(
    text: &ServiceText<'_>,
    dial: &Dial,
    (service, host): (&Service, &Host),
    port: Option<&ServicePort>,
) -> Mistake {
    let (own, name) = (&text.service.name.value, &service.name.value);
    let is_here = host.name.value == text.host.name.value;
    let Some(port) = port else {
        return Mistake {
            message: format!(
                "service `{own}` dials port {} of `{name}`, which declares none",
                dial.port
            ),
            place: service.name.span,
            label: "without a `port`".to_owned(),
            help: format!("declare `port \"{name}\" {}` in it", dial.port),
            address: None,
        };
    };
    let role = &port.name.value;
    if is_here {
        let address = format!("127.0.0.1:{{port.{role}}}");
        return Mistake {
            message: format!(
                "service `{own}` dials `{name}` on port {}, where it does not listen",
                dial.port
            ),
            place: port.name.span,
            label: match port.number {
                Some(number) => format!("listens on {}", number.value),
                None => "listens on the port that is planned for it".to_owned(),
            },
            help: mended(text, dial, &address),
            address: Some(address),
        };
    }
    let number = port.number.map_or(dial.port, |number| number.value.get());
    let address = format!("{}:{number}", host.own_address().value);
    let pin = match port.number {
        Some(_) => String::new(),
        None => format!(" and pin the port there: `port \"{role}\" {number}`"),
    };
    Mistake {
        message: format!(
            "service `{own}` dials `{name}` on its own host, and `{name}` runs on another"
        ),
        place: service.host.as_ref().map_or(service.name.span, |host| host.span),
        label: format!("runs on `{}`", host.name.value),
        help: mended(text, dial, &address) + &pin,
        address: port.number.is_some().then_some(address),
    }
}

/// What is to be written instead: the whole text where it can be shown as it stands in the file.
fn mended(text: &ServiceText<'_>, dial: &Dial, address: &str) -> String {
    let whole = &text.text;
    let (before, after) = (&whole[..dial.at.start], &whole[dial.at.end..]);
    // Braces may be doubled in the file, and a long command is not repeated.
    if whole.contains(['{', '}']) || whole.len() > 60 {
        return format!("write `{address}` for that address");
    }
    format!("write `{before}{address}{after}`")
}
