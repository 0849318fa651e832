//! Names that one node uses of another.

use std::collections::BTreeSet;

use crate::{
    diag::{Code, Finding, Findings, Fix, SourceSpan, Spanned},
    syntax::nearest,
    types::{NetworkName, PartyName},
};

use super::{job::JobKind, party::Party, topology::Topology};

/// A node that every topology needs is absent.
const MISSING_NODE: Code = Code("SF0010");
/// A node names a party that is not declared.
const UNKNOWN_PARTY: Code = Code("SF0101");
/// A party's containers join a network that is not declared.
const UNKNOWN_NETWORK: Code = Code("SF1001");
/// A port is opened to the party that has it.
const OWN_PEER: Code = Code("SF0155");
/// A node names a party twice.
const PARTY_TWICE: Code = Code("SF0102");

/// Reports that the topology has no node `name` at its top.
pub(super) fn missing_root_node(
    name: &str,
    example: &str,
    root: SourceSpan,
    findings: &mut Findings,
) {
    let finding = Finding::error(MISSING_NODE, format!("the topology has no `{name}` node"))
        .label(root, "in this file or one that it includes")
        .help(format!("add `{example}`"));
    findings.push(finding);
}

/// Reports every use of a party that is not declared, and every party that a list names twice.
pub(super) fn check(topology: &Topology, findings: &mut Findings) {
    let mut list = |what: &str, parties: &mut dyn Iterator<Item = &Spanned<PartyName>>| {
        check_list(what, parties, topology, findings);
    };
    for spu in topology.spus.values() {
        list("spu", &mut spu.parties.iter());
    }
    for heu in topology.heus.values() {
        // A party that is both keeper and evaluator is reported by a check.
        list("heu", &mut heu.sk_keeper.iter());
        list("heu", &mut heu.evaluators.iter());
    }
    for job in topology.jobs.values() {
        list("job", &mut job.parties.iter());
        if let JobKind::Sum { inputs } = &job.kind {
            list("job", &mut inputs.iter().map(|(party, _)| party));
        }
    }
    for party in topology.parties.values() {
        for port in party.services.iter().flat_map(|service| &service.ports) {
            list("port", &mut port.peers.iter());
        }
    }
    for party in topology.parties.values() {
        own_party(party, findings);
    }
}

/// Reports each port that is opened to its own party: the party's programs reach it anyhow.
fn own_party(party: &Party, findings: &mut Findings) {
    for port in party.services.iter().flat_map(|service| &service.ports) {
        let Some(own) = port.peers.iter().find(|peer| peer.value == party.name.value) else {
            continue;
        };
        let message = format!("`{}` is no peer of itself", own.value);
        let finding = Finding::error(OWN_PEER, message)
            .label(own.span, "the party that has the port")
            .label(party.name.span, "declared here")
            .help("name the other parties that dial the port; its own hosts always may");
        findings.push(finding);
    }
}

/// Reports each `deploy "docker" network=...` that names no network.
pub(super) fn check_networks(topology: &Topology, findings: &mut Findings) {
    if !topology.networks.is_whole() {
        return;
    }
    let known: Vec<&str> = topology.networks.keys().map(NetworkName::as_str).collect();
    for party in topology.parties.values() {
        let Some(bridge) = party.deploy.bridge() else { continue };
        if topology.networks.contains_key(bridge.value) {
            continue;
        }
        let near = nearest(bridge.value.as_str(), known.iter().copied().chain(["host"]));
        let fix = near.map(|near| Fix::quote(format!("write `{near}`"), bridge.span, near));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "declare it, `network \"{}\" subnet=\"192.168.0.0/24\"`, or write `network=\"host\"`",
                bridge.value
            ),
        };
        let message = format!("there is no network `{}` for these containers", bridge.value);
        findings.push(
            Finding::error(UNKNOWN_NETWORK, message)
                .label(bridge.span, "no such network")
                .help(help)
                .fixes(fix),
        );
    }
}

fn check_list(
    what: &str,
    parties: &mut dyn Iterator<Item = &Spanned<PartyName>>,
    topology: &Topology,
    findings: &mut Findings,
) {
    let mut seen = BTreeSet::new();
    for party in parties {
        if !seen.insert(&party.value) {
            let finding =
                Finding::error(PARTY_TWICE, format!("this {what} names `{}` twice", party.value))
                    .label(party.span, "again here")
                    .help("name each party once");
            findings.push(finding);
        } else if topology.parties.is_whole() && !topology.parties.contains_key(&party.value) {
            findings.push(unknown_party(what, party, topology));
        }
    }
}

/// The finding for a party that is not declared, with the one that was probably meant, else the first one.
fn unknown_party(what: &str, party: &Spanned<PartyName>, topology: &Topology) -> Finding {
    let names: Vec<&str> = topology.parties.keys().map(PartyName::as_str).collect();
    let declared = format!("declared parties: {}", names.join(", "));
    let near = nearest(party.value.as_str(), names.iter().copied());
    let help =
        near.map_or_else(|| declared.clone(), |near| format!("did you mean `{near}`? {declared}"));
    let meant = |other: &&Party| near.is_none_or(|near| other.name.value.as_str() == near);
    let other = topology.parties.values().filter(meant).min_by_key(|other| other.name.span);
    let message = format!("this {what} names party `{}`, which is not declared", party.value);
    let finding = Finding::error(UNKNOWN_PARTY, message).label(party.span, "no such party");
    let finding = match other {
        Some(other) => finding.label(other.name.span, format!("`{}` is one", other.name.value)),
        None => finding,
    };
    let fix = near.map(|near| Fix::quote(format!("write `{near}`"), party.span, near));
    finding.help(help).fixes(fix)
}
