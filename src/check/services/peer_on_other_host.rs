#![doc = include_str!("peer_on_other_host.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Topology, Variable},
    types::{HostName, PartyName, Role},
};

use super::{
    dialled::dialled,
    programs::{Address, ProgramText, addresses, open, program_texts},
};

const CODE: Code = Code("SF0157");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("peer_on_other_host.md"), peer_on_other_host);

/// What a program says of another party.
#[derive(Default)]
struct Said<'a> {
    /// The hosts whose addresses it names.
    addresses: BTreeMap<&'a HostName, SourceSpan>,
    /// The hosts and ports whose numbers it names.
    ports: BTreeMap<(&'a HostName, &'a str), SourceSpan>,
}

fn peer_on_other_host(context: Context<'_>, findings: &mut Findings) {
    let parties = &context.topology.parties;
    let texts = program_texts(context.topology);
    let mut said: BTreeMap<(&PartyName, &str, &PartyName), Said<'_>> = BTreeMap::new();
    for text in &texts {
        for variable in text.value.variables() {
            let (Variable::PartyAddress(name, _) | Variable::PartyPort(name, ..)) = variable else {
                continue;
            };
            let Some(party) = parties.get(name) else { continue };
            let key = (&text.party.name.value, text.program.as_str(), name);
            let said = said.entry(key).or_default();
            match variable {
                Variable::PartyAddress(_, host) => {
                    let main = party.main_host().map(|main| &main.name.value);
                    let host = host.as_ref().or(main);
                    said.addresses.extend(host.map(|host| (host, text.span)));
                }
                Variable::PartyPort(_, host, Role::Service(port)) => {
                    let host = party.host_with_port(host.as_ref(), port);
                    let key = host.map(|host| (&host.name.value, port.as_str()));
                    said.ports.extend(key.map(|key| (key, text.span)));
                }
                _ => {}
            }
        }
    }
    let mut reported = BTreeSet::new();
    for text in &texts {
        let mut all = addresses(&text.text).into_iter();
        let finding = all.find_map(|address| written_out(context.topology, text, &address));
        // An argument of a job is the same at each of its parties.
        findings.extend(finding.filter(|_| reported.insert(text.span)));
    }
    for ((_, program, name), said) in &said {
        for ((host, port), span) in &said.ports {
            // A program that names no address has it from elsewhere.
            let Some((other, other_span)) = said.addresses.iter().next() else { continue };
            if said.addresses.contains_key(host) || !reported.insert(*span) {
                continue;
            }
            let message = format!(
                "{program} dials `{port}` of `{name}` at `{other}`, and it listens on `{host}`"
            );
            let finding = Finding::error(CODE, message)
                .label(*other_span, format!("the address of `{other}`"))
                .label(*span, format!("a port of `{host}`"));
            findings.push(finding.help(format!(
                "write `{{party.{name}.host.{host}.address}}` and `{{party.{name}.host.{host}.port.{port}}}`"
            )));
        }
    }
}

/// The finding for a number that is written and has its service on another host of the party.
fn written_out(
    topology: &Topology,
    text: &ProgramText<'_>,
    address: &Address<'_>,
) -> Option<Finding> {
    let dialled = dialled(topology, text, address)?;
    let found = dialled.on_other_host()?;
    let Role::Service(port) = found.role else { return None };
    let (_, other) = dialled.hosts.iter().find(|(party, _)| party.name == found.party.name)?;
    let (name, host) = (&found.party.name.value, &found.host.name.value);
    let message = format!(
        "{} dials `{port}` of `{name}` at `{}`, and it listens on `{host}`",
        text.program, other.name.value
    );
    let new =
        format!("{{party.{name}.host.{host}.address}}:{{party.{name}.host.{host}.port.{port}}}");
    let mended = text.mended(address.at.clone(), &new);
    let own = &text.party.name.value;
    let is_open = found.party.peers_of_port(host, port).contains(own);
    let closed = found.party.service_port(host, port).filter(|_| !is_open);
    let help =
        closed.map_or_else(|| mended.clone(), |port| format!("{mended}, and {}", open(port, own)));
    Some(
        Finding::error(CODE, message)
            .label(text.span, format!("the address of `{}`", other.name.value))
            .label(found.span, format!("a port of `{host}`"))
            .help(help),
    )
}
