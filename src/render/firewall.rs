//! `<party>/<host>/firewall.nft`: who may reach which planned port; everybody else may not.

use std::collections::BTreeMap;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::{
    plan::{ContainerNetwork, Deploy, Effect, firewall_table},
    types::{HostAddr, PortRange},
};

use super::{
    artifact::{File, Files, Kind, OfHost},
    reach::{Audience, Site, sources},
    scene::HostScene,
    source::{Readers, Source},
};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Firewall, files };

const TEMPLATE: Source = Source {
    name: "party/host/firewall.nft.hbs",
    text: include_str!("../../templates/party/host/firewall.nft.hbs"),
    makes: "PARTY/HOST/firewall.nft",
    purpose: "who reaches the planned ports of a host, for nft",
    readers: Readers::Machines,
    view: || schema_for!(View),
};

#[derive(Serialize, JsonSchema)]
struct View {
    /// The party.
    party: String,
    /// Its host.
    host: String,
    /// The table of nft that the rules are in.
    table: String,
    /// `input` where the programs have the machine's own network, `forward` on the way to containers.
    hook: &'static str,
    /// `ip daddr 192.168.0.10 ` on the way to containers, else nothing.
    destination: String,
    /// Who may come in.
    rules: Vec<Rule>,
    /// Every planned port.
    ports: String,
}

/// One audience's way to the ports of one role.
#[derive(Serialize, JsonSchema)]
struct Rule {
    /// What the ports are for.
    role: String,
    /// The number, or the first and the last one.
    ports: String,
    /// `ip saddr { ... } `, or nothing where everybody may.
    source: String,
    /// Names that nft could only resolve once, when the file is loaded.
    names: String,
}

impl Rule {
    /// The way to a port that is published.
    fn to_all(role: &str, range: PortRange) -> Self {
        let (role, ports) = (role.to_owned(), range.to_string());
        Self { role, ports, source: String::new(), names: String::new() }
    }
}

fn files(scene: &HostScene<'_>) -> Files {
    let (plan, host) = (scene.plan(), scene.host);
    if host.ports.is_empty() {
        return Ok(Vec::new());
    }
    let site = Site::of(scene.federation(), plan, scene.name);
    let mut rules = Vec::new();
    for (role, range) in host.port_ranges() {
        let audience = site.audience((role, range));
        if audience == Audience::Everybody {
            rules.push(Rule::to_all(&role.to_string(), range));
            continue;
        }
        let sources = sources(role, scene.party, site);
        rules.extend(rules_for(&role.to_string(), range, sources));
    }
    let bridged =
        matches!(plan.deploy, Deploy::Docker { network: ContainerNetwork::Bridge { .. }, .. });
    let destination = match host.own_address() {
        HostAddr::Ip(ip) if bridged => format!("{} daddr {ip} ", family(host.own_address())),
        _ => String::new(),
    };
    let view = View {
        party: plan.party.to_string(),
        host: scene.name.to_string(),
        table: firewall_table(&scene.federation().topology, &plan.party),
        hook: if bridged { "forward" } else { "input" },
        destination,
        rules,
        ports: set(PortRange::merged(host.port_ranges().map(|(_, range)| range)).iter()),
    };
    Ok(vec![File::new("firewall.nft", scene.fill(TEMPLATE, &view)?)])
}

fn rules_for(
    role: &str,
    range: PortRange,
    sources: impl IntoIterator<Item = HostAddr>,
) -> Vec<Rule> {
    let mut families: BTreeMap<&str, Vec<HostAddr>> = BTreeMap::new();
    let mut names = Vec::new();
    // What comes from loopback comes through the interface `lo`, which is open.
    for source in sources.into_iter().filter(|source| !source.is_loopback()) {
        match &source {
            HostAddr::Dns(name) => names.push(name.clone()),
            HostAddr::Ip(_) => families.entry(family(&source)).or_default().push(source),
        }
    }
    let to_rule = |source: String, names: &[String]| Rule {
        role: role.to_owned(),
        ports: range.to_string(),
        source,
        names: names.join(", "),
    };
    if !names.is_empty() {
        return vec![to_rule(String::new(), &names)];
    }
    let of_family = |(family, sources): (&str, Vec<HostAddr>)| {
        to_rule(format!("{family} saddr {} ", set(sources.iter().map(HostAddr::bare))), &[])
    };
    families.into_iter().map(of_family).collect()
}

fn family(address: &HostAddr) -> &'static str {
    if address.is_ipv6() { "ip6" } else { "ip" }
}

/// An anonymous set, one element without braces.
fn set(elements: impl IntoIterator<Item = impl ToString>) -> String {
    let elements: Vec<String> = elements.into_iter().map(|element| element.to_string()).collect();
    if let [one] = &elements[..] { one.clone() } else { format!("{{ {} }}", elements.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    fn range(first: i128, last: i128) -> PortRange {
        PortRange::new(first.try_into().unwrap(), last.try_into().unwrap()).unwrap()
    }

    fn firewall(sample: &samples::Sample, path: &str) -> String {
        let tree = sample.render().unwrap();
        String::from_utf8(tree.get(path).unwrap().bytes.to_vec()).unwrap()
    }

    #[test]
    fn peers_reach_links_and_own_hosts_reach_ray() {
        insta::assert_snapshot!(firewall(&samples::production(), "carol/carol-1/firewall.nft"));
    }

    #[test]
    fn containers_on_a_bridge_are_guarded_on_the_way_to_them() {
        let text = firewall(&samples::simulation(), "alice/alice-1/firewall.nft");
        assert!(text.contains("hook forward"), "{text}");
        assert!(text.contains("ip daddr 192.168.0.10 tcp dport"), "{text}");
    }

    #[test]
    fn a_peer_known_by_name_opens_the_port_to_all_and_the_file_says_so() {
        let address: HostAddr = "bob.example.org".parse().unwrap();
        let rules = rules_for("sf", range(1, 2), [address, "10.0.0.1".parse().unwrap()]);
        assert_eq!(rules.len(), 1);
        assert_eq!((rules[0].source.as_str(), rules[0].names.as_str()), ("", "bob.example.org"));
    }

    #[test]
    fn both_families_have_a_rule_and_loopback_none() {
        let sources = ["::1", "127.0.0.1", "fd00::2", "10.0.0.1"].map(|a| a.parse().unwrap());
        let sources: Vec<_> =
            rules_for("sf", range(1, 1), sources).into_iter().map(|rule| rule.source).collect();
        assert_eq!(sources, ["ip saddr 10.0.0.1 ", "ip6 saddr fd00::2 "]);
        assert!(rules_for("sf", range(1, 1), ["127.0.0.1".parse().unwrap()]).is_empty());
    }
}
