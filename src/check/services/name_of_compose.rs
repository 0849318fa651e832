#![doc = include_str!("name_of_compose.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Host, Party, Service, ServicePort, demands},
    types::{HostAddr, RayPort, Role},
};

use super::{
    programs::{Address, AddressPort, ProgramText, addresses, open, program_texts},
    texts::{RAY_ADDRESS, kind_of},
    urls::is_no_url,
};

const CODE: Code = Code("SF0158");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("name_of_compose.md"), name_of_compose);

/// Schemes whose first part is no machine.
const PLACES: [&str; 12] = [
    "s3",
    "gs",
    "oss",
    "cos",
    "hdfs",
    "file",
    "unix",
    "sqlite",
    "memory",
    "filesystem",
    "git",
    "docker",
];
/// Schemes beside those of known programs whose first part is a machine.
const DIALLED: [&str; 9] =
    ["tcp", "grpc", "grpcs", "ws", "wss", "kafka", "nats", "mqtt", "sentinel"];

fn name_of_compose(context: Context<'_>, findings: &mut Findings) {
    let mut reported: BTreeSet<SourceSpan> = BTreeSet::new();
    for text in &program_texts(context.topology) {
        // An argument of a job is the same at each of its parties. What should be a URL and is none is told as that.
        if reported.contains(&text.span) || is_no_url(text.variable, &text.text) {
            continue;
        }
        let mut found = addresses(&text.text).into_iter().chain(bare_name(text));
        let finding = found.find_map(|address| judge(context, text, &address));
        reported.extend(finding.as_ref().map(|_| text.span));
        findings.extend(finding);
    }
}

/// The whole text, where a variable or an option that holds the name of a machine holds a service's.
fn bare_name<'t>(text: &'t ProgramText<'_>) -> Option<Address<'t>> {
    let (name, start) = match (text.variable, text.text.split_once('=')) {
        (Some(variable), _) => (variable, 0),
        (None, Some((option, _))) => (option, option.len() + 1),
        (None, None) => (text.before.as_deref()?, 0),
    };
    let name = name.to_ascii_lowercase();
    let names_machine = name == "-h" || name.ends_with("host") || name.ends_with("_server");
    let host = &text.text[start..];
    let is_own = service(text.party, host).is_some();
    let at = start..text.text.len();
    (names_machine && is_own).then_some(Address {
        scheme: None,
        host,
        port: AddressPort::Absent,
        at,
    })
}

fn judge(context: Context<'_>, text: &ProgramText<'_>, address: &Address<'_>) -> Option<Finding> {
    let name = address.host.to_ascii_lowercase();
    let is_proxy = text.variable.is_some_and(|name| name.to_ascii_lowercase().ends_with("_proxy"));
    if name.contains(['.', ':']) || name == "localhost" || is_proxy || is_known(context, &name) {
        return None;
    }
    let scheme = address.scheme.map(str::to_ascii_lowercase);
    let is_place = scheme.as_deref().is_some_and(|scheme| PLACES.contains(&scheme));
    let own = service(text.party, &name).map(|service| (text.party, service));
    let others = context.topology.parties.values();
    let meant =
        own.or_else(|| others.clone().find_map(|party| Some((party, service(party, &name)?))));
    let is_dialled = scheme.as_deref().is_some_and(|scheme| {
        // A name of the intranet stands in many a URL of the web, but seldom with a port.
        let is_web = ["http", "https"].contains(&scheme);
        let is_known = kind_of(scheme).is_some() || DIALLED.contains(&scheme);
        is_known && (!is_web || address.port != AddressPort::Absent)
    });
    if is_place || (meant.is_none() && !is_dialled) {
        return None;
    }
    let is_ray = scheme.as_deref() == Some("ray") || text.variable == Some(RAY_ADDRESS);
    if is_ray && let Some(finding) = ray(context, text, address) {
        return Some(finding);
    }
    // Another name than the service's own: what speaks this protocol.
    let kind = scheme.as_deref().and_then(kind_of);
    let is_of_kind = |service: &&Service| {
        let name = service.name.value.as_str();
        kind.is_some_and(|kind| kind.names.contains(&name))
    };
    let by_kind = || text.party.services.iter().find(is_of_kind).map(|own| (text.party, own));
    Some(match meant.or_else(by_kind) {
        Some((party, service)) => of_service(context, text, address, (party, service)),
        None => finding(text, address)
            .label(text.host.name.span, "programs of this host find each other at 127.0.0.1")
            .help("declare the program as a `service` with a `port`, or write the address of its machine; if this machine does know the name: `allow \"SF0158\" because=\"...\"`"),
    })
}

fn finding(text: &ProgramText<'_>, address: &Address<'_>) -> Finding {
    let message =
        format!("{} dials `{}`, a name that resolves nowhere", text.program, address.host);
    let label = "only a network of Compose gives services such names";
    Finding::error(CODE, message).label(text.span, label)
}

/// Whether a machine of the topology has that name.
fn is_known(context: Context<'_>, name: &str) -> bool {
    context.topology.hosts().any(|(_, host)| {
        let is_address = |address: &HostAddr| address.bare() == name;
        let addresses = [&host.address.value, &host.own_address().value];
        host.name.value.as_str() == name || addresses.into_iter().any(is_address)
    })
}

/// The service of a party that Compose would give that name.
fn service<'a>(party: &'a Party, name: &str) -> Option<&'a Service> {
    let name = name.replace('_', "-");
    party.services.iter().find(|service| service.name.value.as_str() == name)
}

/// The finding for an address that is Ray's; `None` where no Ray is planned there.
fn ray(context: Context<'_>, text: &ProgramText<'_>, address: &Address<'_>) -> Option<Finding> {
    let is_variable = text.variable == Some(RAY_ADDRESS);
    let port = if is_variable { RayPort::Gcs } else { RayPort::ClientServer };
    let (party, host) = (&text.party.name.value, &text.host.name.value);
    let is_here = |demand: &crate::model::Demand<'_>| {
        demand.party == party && demand.host == host && demand.role == Role::Ray(port)
    };
    if !demands(context.topology).iter().any(is_here) {
        return None;
    }
    let new = format!("{{host.address}}:{{port.{}}}", Role::Ray(port));
    // The variable takes the address of the cluster itself, and needs no server for clients.
    let replaced = if is_variable { 0..text.text.len() } else { address.at.clone() };
    let drop = if is_variable { ", or drop it: jobs are told by sfgen" } else { "" };
    let fix =
        context.write_part(format!("write `{new}`"), text.span, &text.text[replaced.clone()], &new);
    Some(
        finding(text, address)
            .label(text.host.ray.span.unwrap_or(text.host.name.span), "the party's own Ray is here")
            .help(text.mended(replaced, &new) + drop)
            .fixes(fix),
    )
}

/// The finding for an address that is a service's.
fn of_service(
    context: Context<'_>,
    text: &ProgramText<'_>,
    address: &Address<'_>,
    (party, service): (&Party, &Service),
) -> Finding {
    let finding = finding(text, address).label(service.name.span, "this service is meant");
    let Some(host) = party.host_of(service) else { return finding.help("name its host") };
    let Some(port) = port_of(service, address) else {
        let number = match address.port {
            AddressPort::Number(number) => format!(" {number}"),
            _ => String::new(),
        };
        let name = &service.name.value;
        return finding.help(format!(
            "declare `port \"{name}\"{number}` in it, and write `127.0.0.1:{{port.{name}}}` here"
        ));
    };
    let (new, more) = reached(text, (party, host), port);
    // A host without a port has it in another variable or option.
    let is_bare = address.scheme.is_none() && address.port == AddressPort::Absent;
    let new = if is_bare {
        new.rsplit_once(':').map_or(new.clone(), |(host, _)| host.to_owned())
    } else {
        new
    };
    let fix = more.is_empty().then(|| {
        let old = &text.text[address.at.clone()];
        context.write_part(format!("write `{new}`"), text.span, old, &new)
    });
    finding.help(text.mended(address.at.clone(), &new) + &more).fixes(fix.flatten())
}

/// The port that is meant: of the name or number that is written, else the service's first.
fn port_of<'a>(service: &'a Service, address: &Address<'_>) -> Option<&'a ServicePort> {
    let is_it = |port: &&ServicePort| match address.port {
        AddressPort::Number(number) => port.number.is_some_and(|own| own.value.get() == number),
        AddressPort::Filled(placeholder) => placeholder == format!("{{port.{}}}", port.name.value),
        AddressPort::Absent => false,
    };
    service.ports.iter().find(is_it).or_else(|| service.ports.first())
}

/// How a program reaches a service's port, and what else is to be written for it.
fn reached(
    text: &ProgramText<'_>,
    (party, host): (&Party, &Host),
    port: &ServicePort,
) -> (String, String) {
    let role = &port.name.value;
    let (own, name) = (&text.party.name.value, &party.name.value);
    if name != own {
        let is_first = party.main_host().is_some_and(|main| main.name.value == host.name.value);
        let at = if is_first { String::new() } else { format!(".host.{}", host.name.value) };
        let address = format!("{{party.{name}{at}.address}}:{{party.{name}{at}.port.{role}}}");
        let is_open = port.peers.iter().any(|peer| peer.value == *own);
        let more = if is_open { String::new() } else { format!(", and {}", open(port, own)) };
        return (address, more);
    }
    if host.name.value == text.host.name.value {
        return (format!("127.0.0.1:{{port.{role}}}"), String::new());
    }
    let machine = &host.own_address().value;
    match port.number {
        Some(number) => (format!("{machine}:{}", number.value), String::new()),
        None => (
            format!("{machine}:8003"),
            format!(" and pin the port there, as `port \"{role}\" 8003`"),
        ),
    }
}
