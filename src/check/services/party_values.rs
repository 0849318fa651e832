//! Placeholders for values of parties: which there are.

use std::collections::BTreeSet;

use crate::{
    model::{Host, Party, Text, Topology, Variable},
    syntax::nearest,
    types::PartyName,
};

/// The first placeholder of a text for a value of a party that is not there, and those that could have been meant: the
/// party, its host or its port is unknown.
pub(super) fn missing_value(topology: &Topology, text: &Text) -> Option<(String, Vec<String>)> {
    let parties = &topology.parties;
    text.variables().find_map(|variable| {
        let (Variable::PartyAddress(name, _) | Variable::PartyPort(name, ..)) = variable else {
            return None;
        };
        let known = match parties.get(name) {
            None => parties.is_whole().then(|| of_parties(topology, name, variable))?,
            Some(party) => values(party)?,
        };
        let written = variable.to_string();
        (!known.contains(&written)).then_some((written, known))
    })
}

/// The same value of the parties that there are: the nearest name, else all.
fn of_parties(topology: &Topology, wrong: &PartyName, variable: &Variable) -> Vec<String> {
    let names = topology.parties.keys().map(PartyName::as_str);
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
