//! What `firewall.nft` lets in, in the forms of other firewalls: as a table, and as commands of ufw, firewalld and three clouds.
//!
//! Each form knows ports and addresses only, so roles that the same machines dial are one opening.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    plan::{ContainerNetwork, Deploy},
    types::{Digest, HostAddr, HostName, PortRange},
};

use super::{
    reach::{Audience, Site, sources},
    scene::PartyScene,
};

/// Ports that the same machines may dial.
#[derive(Serialize, JsonSchema)]
pub(super) struct Opening {
    /// The numbers and ranges.
    ports: String,
    /// The addresses, or `everybody`.
    from: String,
}

/// What is let in at a host.
#[derive(Default)]
pub(super) struct Forms {
    /// For each group of machines.
    pub(super) openings: Vec<Opening>,
    /// The same as lines of a shell.
    pub(super) commands: Vec<String>,
}

/// Who may come in. Addresses of both families are two groups, since some firewalls have a rule for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Everybody,
    V4(Vec<String>),
    V6(Vec<String>),
}

/// What is let in at a host of a party.
pub(super) fn forms(party: &PartyScene<'_>, name: &HostName) -> Forms {
    let site = Site::of(party.scene.federation, party.plan, name);
    let mut groups: BTreeMap<Whom, Vec<PortRange>> = BTreeMap::new();
    for (role, range) in site.plan.port_ranges() {
        let is_open = site.audience((role, range)) == Audience::Everybody;
        let from = if is_open { vec![Whom::Everybody] } else { whom(sources(role, party, site)) };
        for from in from {
            groups.entry(from).or_default().push(range);
        }
    }
    let groups: Vec<_> =
        groups.into_iter().map(|(from, ports)| (from, PortRange::merged(ports))).collect();
    let openings = groups.iter().map(|(from, ports)| Opening {
        ports: join(ports.iter(), ", "),
        from: match from {
            Whom::Everybody => "everybody".to_owned(),
            Whom::V4(addresses) | Whom::V6(addresses) => addresses.join(", "),
        },
    });
    Forms { openings: openings.collect(), commands: commands(party, name, &groups) }
}

/// The groups of machines with these addresses. One that is known by its name alone opens the ports to everybody, as in
/// `firewall.nft`: firewalls look up names once at most.
fn whom(sources: BTreeSet<HostAddr>) -> Vec<Whom> {
    let sources: Vec<_> = sources.into_iter().filter(|source| !source.is_loopback()).collect();
    if sources.iter().any(|source| matches!(source, HostAddr::Dns(_))) {
        return vec![Whom::Everybody];
    }
    let (v6, v4): (Vec<_>, Vec<_>) = sources.iter().partition(|source| source.is_ipv6());
    let bare = |all: Vec<&HostAddr>| all.into_iter().map(HostAddr::bare).collect::<Vec<_>>();
    let all = [Whom::V4(bare(v4)), Whom::V6(bare(v6))];
    let is_some = |from: &Whom| !matches!(from, Whom::V4(all) | Whom::V6(all) if all.is_empty());
    all.into_iter().filter(is_some).collect()
}

fn commands(
    party: &PartyScene<'_>,
    host: &HostName,
    groups: &[(Whom, Vec<PortRange>)],
) -> Vec<String> {
    // What goes on to containers passes none of the rules that these commands make.
    let is_bridged = matches!(
        party.plan.deploy,
        Deploy::Docker { network: ContainerNetwork::Bridge { .. }, .. }
    );
    if is_bridged || groups.is_empty() {
        return Vec::new();
    }
    let topology = &party.scene.federation.topology;
    let name = format!("sfgen-{topology}-{}-{host}", party.plan.party);
    // Clouds allow 63 characters.
    let name = if name.len() < 60 {
        name
    } else {
        format!("sfgen-{}", Digest::of(name.as_bytes()).short())
    };
    let mut lines = Vec::new();
    for (title, line) in FORMS {
        lines.push(format!("# {title}"));
        let all = groups.iter().zip(1..);
        lines.extend(
            all.map(|((from, ports), number)| line(from, ports, &format!("{name}-{number}"))),
        );
    }
    lines
}

/// Writes an opening; the name is one that no other opening of the topology has.
type Line = fn(&Whom, &[PortRange], &str) -> String;

const FORMS: [(&str, Line); 5] = [
    ("ufw", ufw),
    ("firewalld; then `firewall-cmd --reload`", firewalld),
    ("AWS; GROUP is the id of a security group", aws),
    ("Google Cloud; NETWORK is the name of a VPC network", gcloud),
    ("Azure; GROUP is a resource group, NSG a network security group of it", azure),
];

impl Whom {
    /// The addresses; `all` where everybody may.
    fn addresses<'a>(&'a self, all: &'a str) -> Vec<&'a str> {
        match self {
            Self::Everybody => vec![all],
            Self::V4(addresses) | Self::V6(addresses) => {
                addresses.iter().map(String::as_str).collect()
            }
        }
    }

    /// The addresses as networks, for clouds.
    fn networks(&self) -> Vec<String> {
        match self {
            Self::Everybody => vec!["0.0.0.0/0".to_owned()],
            Self::V4(all) => all.iter().map(|address| format!("{address}/32")).collect(),
            Self::V6(all) => all.iter().map(|address| format!("{address}/128")).collect(),
        }
    }
}

fn ufw(from: &Whom, ports: &[PortRange], _: &str) -> String {
    let from = from.addresses("any").join(" ");
    let ports = join(ports, " ").replace('-', ":");
    format!(
        "for from in {from}; do for port in {ports}; do ufw allow proto tcp from $from to any port $port; done; done"
    )
}

fn firewalld(from: &Whom, ports: &[PortRange], _: &str) -> String {
    let ports = join(ports, " ");
    let add = |rule: &str| {
        format!(
            "firewall-cmd --permanent --add-rich-rule=\"rule {rule}port port=$port protocol=tcp accept\""
        )
    };
    let family = match from {
        Whom::Everybody => return format!("for port in {ports}; do {}; done", add("")),
        Whom::V4(_) => "ipv4",
        Whom::V6(_) => "ipv6",
    };
    let add = add(&format!("family={family} source address=$from "));
    let from = from.addresses("").join(" ");
    format!("for from in {from}; do for port in {ports}; do {add}; done; done")
}

fn aws(from: &Whom, ports: &[PortRange], _: &str) -> String {
    let (list, key) = match from {
        Whom::V6(_) => ("Ipv6Ranges", "CidrIpv6"),
        Whom::Everybody | Whom::V4(_) => ("IpRanges", "CidrIp"),
    };
    let networks = from.networks().into_iter().map(|network| format!("{{{key}={network}}}"));
    let networks = networks.collect::<Vec<_>>().join(",");
    let mut line =
        "aws ec2 authorize-security-group-ingress --group-id \"$GROUP\" --ip-permissions"
            .to_owned();
    for range in ports {
        let (from, to) = (range.first(), range.last());
        write!(line, " 'IpProtocol=tcp,FromPort={from},ToPort={to},{list}=[{networks}]'")
            .expect("a String takes all text");
    }
    line
}

fn gcloud(from: &Whom, ports: &[PortRange], name: &str) -> String {
    let ports = join(ports.iter().map(|range| format!("tcp:{range}")), ",");
    let from = from.networks().join(",");
    format!(
        "gcloud compute firewall-rules create {name} --network \"$NETWORK\" --direction ingress --action allow \
         --rules {ports} --source-ranges {from}"
    )
}

fn azure(from: &Whom, ports: &[PortRange], name: &str) -> String {
    let number = name.rsplit('-').next().unwrap_or_default();
    let (ports, from) = (join(ports, " "), from.networks().join(" "));
    format!(
        "az network nsg rule create --resource-group \"$GROUP\" --nsg-name \"$NSG\" --name {name} --priority 20{number} \
         --direction Inbound --access Allow --protocol Tcp --source-address-prefixes {from} --destination-port-ranges {ports}"
    )
}

fn join(all: impl IntoIterator<Item = impl ToString>, between: &str) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(between)
}
