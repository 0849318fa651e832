#![doc = include_str!("peer_port_closed.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Host, Party, ServicePort, Topology, Variable},
    types::{PartyName, Piece, Port, Role},
};

use super::{
    dialled::{Listener, dialled},
    programs::{Address, ProgramText, addresses, open, program_texts},
    texts::{RAY_ADDRESS, is_ray_option, kind_of},
};

const CODE: Code = Code("SF0156");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("peer_port_closed.md"), peer_port_closed);

fn peer_port_closed(context: Context<'_>, findings: &mut Findings) {
    let mut reported: BTreeSet<SourceSpan> = BTreeSet::new();
    for text in &program_texts(context.topology) {
        // An argument of a job is the same at each of its parties.
        if reported.contains(&text.span) {
            continue;
        }
        let finding = placeholder(context.topology, text).or_else(|| {
            let mut all = addresses(&text.text).into_iter();
            all.find_map(|address| literal(context.topology, text, &address))
        });
        reported.extend(finding.as_ref().map(|_| text.span));
        findings.extend(finding);
    }
}

/// The first placeholder that names a port which is closed to the writer. One that names nothing is reported by another
/// check.
fn placeholder(topology: &Topology, text: &ProgramText<'_>) -> Option<Finding> {
    let own = &text.party.name.value;
    text.value.0.iter().find_map(|piece| {
        let Piece::Variable(Variable::PartyPort(party, host, Role::Service(name))) = piece else {
            return None;
        };
        let party = topology.parties.get(party)?;
        let host = party.host_with_port(host.as_ref(), name)?;
        let port = party.service_port(&host.name.value, name)?;
        let is_open = party.peers_of_port(&host.name.value, name).contains(own)
            || (party.name.value == *own && !port.peers.is_empty());
        if is_open {
            return None;
        }
        let message = format!(
            "{} of `{own}` dials `{name}` of `{}`, which is closed to it",
            text.program, party.name.value
        );
        let finding = Finding::error(CODE, message)
            .label(text.span, "dialled here")
            .label(port.name.span, opened_to(port));
        Some(finding.help(if party.name.value == *own {
            format!("write `{{port.{name}}}` for a port that no peer dials")
        } else {
            open(port, own)
        }))
    })
}

fn opened_to(port: &ServicePort) -> String {
    let names: Vec<&str> = port.peers.iter().map(|peer| peer.value.as_str()).collect();
    if names.is_empty() {
        "open to the party's own hosts alone".to_owned()
    } else {
        format!("open to {} and the party's own hosts alone", names.join(", "))
    }
}

/// The finding for an address of a peer with a port that is closed to the writer.
fn literal(topology: &Topology, text: &ProgramText<'_>, address: &Address<'_>) -> Option<Finding> {
    let dialled = dialled(topology, text, address)?;
    match dialled.listener() {
        // A Ray that is another party's is reported by another check.
        Some(Listener { role: Role::Ray(_), .. }) if is_ray_address(text) => None,
        Some(Listener { party, host, role, span }) => {
            let is_open = is_open(topology, (party, host), role, &text.party.name.value);
            (!is_open).then(|| closed(text, (party, host), role, dialled.number, span))
        }
        // On another host of the party: reported by another check.
        None if dialled.on_other_host().is_some() => None,
        None => {
            dialled.hosts.iter().find_map(|(party, host)| elsewhere(text, address, (party, host)))
        }
    }
}

fn is_ray_address(text: &ProgramText<'_>) -> bool {
    let mut words = text.before.as_deref().into_iter().chain(text.text.split('=').next());
    text.variable == Some(RAY_ADDRESS) || words.any(is_ray_option)
}

fn is_open(
    topology: &Topology,
    (party, host): (&Party, &Host),
    role: &Role,
    to: &PartyName,
) -> bool {
    match role {
        Role::Service(name) => party.peers_of_port(&host.name.value, name).contains(to),
        Role::Control | Role::Sf | Role::Spu => meets(topology, &party.name.value, to),
        Role::SpuLocal | Role::Heu | Role::Ray(_) => false,
    }
}

/// Whether two parties share a device or a job.
fn meets(topology: &Topology, one: &PartyName, other: &PartyName) -> bool {
    let both = |names: &mut dyn Iterator<Item = &PartyName>| {
        let names: BTreeSet<_> = names.collect();
        names.contains(one) && names.contains(other)
    };
    let spus = topology.spus.values();
    let heus = topology.heus.values();
    let jobs = topology.jobs.values();
    spus.into_iter().any(|spu| both(&mut spu.parties.iter().map(|party| &party.value)))
        || heus.into_iter().any(|heu| both(&mut heu.parties().map(|party| &party.value)))
        || jobs.into_iter().any(|job| both(&mut job.parties.iter().map(|party| &party.value)))
}

fn closed(
    text: &ProgramText<'_>,
    (party, host): (&Party, &Host),
    role: &Role,
    number: Port,
    span: SourceSpan,
) -> Finding {
    let (own, name) = (&text.party.name.value, &party.name.value);
    let message = format!(
        "{} of `{own}` dials port {number} of `{name}`, which is closed to it",
        text.program
    );
    let finding = Finding::error(CODE, message)
        .label(text.span, "dialled here")
        .label(span, format!("`{role}` of `{name}`"));
    let port = match role {
        Role::Service(port) => party.service_port(&host.name.value, port),
        _ => None,
    };
    finding.help(match port {
        Some(port) => open(port, own),
        None => format!("peers cannot use `{role}`: dial a port that `{name}` opens with `peers`"),
    })
}

/// The finding for an address of the peer's service that stands where none of its ports is.
fn elsewhere(
    text: &ProgramText<'_>,
    address: &Address<'_>,
    (party, host): (&Party, &Host),
) -> Option<Finding> {
    let kind = kind_of(address.scheme?)?;
    let mut services = party.services_on(&host.name.value);
    let service = services.find(|own| kind.names.contains(&own.name.value.as_str()))?;
    let port = service.ports.first()?;
    let (own, name) = (&text.party.name.value, &party.name.value);
    let is_open = port.peers.iter().any(|peer| peer.value == *own);
    let message = format!(
        "{} of `{own}` dials `{}` of `{name}` where it does not listen",
        text.program, service.name.value
    );
    let is_first = party.main_host().is_some_and(|main| main.name.value == host.name.value);
    let at = if is_first { String::new() } else { format!(".host.{}", host.name.value) };
    let role = &port.name.value;
    let new = format!("{{party.{name}{at}.address}}:{{party.{name}{at}.port.{role}}}");
    let mended = text.mended(address.at.clone(), &new);
    Some(
        Finding::error(CODE, message)
            .label(text.span, "dialled here")
            .label(port.name.span, "listens on the port that is planned for it")
            .help(if is_open { mended } else { format!("{mended}, and {}", open(port, own)) }),
    )
}
