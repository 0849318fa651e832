//! The second half of the language's table: what each argument and property is, and what it is for.
//!
//! [`grammar`](super::grammar) says which values there are, this table what they look like. Schemas for editors are made
//! from both, and a rename finds every place of a name here. How a value is read is `model`'s business; tests hold the
//! two to each other.

pub use super::kind::{Kind, Name};

/// Which part of a node an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The argument at this index.
    Arg(usize),
    /// The arguments from this index on.
    Rest(usize),
    /// A property; `*` stands for any name.
    Prop(&'static str),
}

/// One argument or property of a node.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The node.
    pub node: &'static str,
    /// The argument or property.
    pub part: Part,
    /// What it looks like.
    pub kind: Kind,
    /// What it is for.
    pub about: &'static str,
    /// Whether the node cannot do without it. Which arguments it needs, the grammar says.
    pub is_required: bool,
}

const fn entry(node: &'static str, part: Part, kind: Kind, about: &'static str) -> Entry {
    Entry { node, part, kind, about, is_required: false }
}

const fn arg(node: &'static str, index: usize, kind: Kind, about: &'static str) -> Entry {
    entry(node, Part::Arg(index), kind, about)
}

const fn rest(node: &'static str, from: usize, kind: Kind, about: &'static str) -> Entry {
    entry(node, Part::Rest(from), kind, about)
}

const fn prop(node: &'static str, key: &'static str, kind: Kind, about: &'static str) -> Entry {
    entry(node, Part::Prop(key), kind, about)
}

const fn needs(node: &'static str, key: &'static str, kind: Kind, about: &'static str) -> Entry {
    Entry { is_required: true, ..prop(node, key, kind, about) }
}

use Kind::{
    Account, Address, Code, Duration, Home, Image, Mapping, Number, OneOf, Path, Port, Python,
    Role, Size, Subnet, Template, Text, Url,
};

const WHY: &str = "Why that is right here, for those who review it.";

/// Every argument and property of the language, in the order of the grammar.
pub const VALUES: &[Entry] = &[
    arg("topology", 0, Kind::Name(Name::Topology), "Its name, a part of unit and container names."),
    prop(
        "topology",
        "mode",
        OneOf(&["production", "simulation"]),
        "Several organisations that meet (the default), or one laboratory.",
    ),
    arg(
        "runtime",
        0,
        OneOf(&["secretflow", "embedded"]),
        "What the parties run; `embedded` is sfgen's own arithmetic and needs nothing.",
    ),
    prop("runtime", "version", Text, "The release of SecretFlow that all parties run."),
    prop(
        "runtime",
        "engine",
        OneOf(&["ray", "threads"]),
        "Ray clusters (the default), or threads in one process.",
    ),
    arg("python", 0, Python, "The version that all parties have."),
    arg("allow-deserialize", 0, Text, "A module; `*` lifts the list, with a reason."),
    rest("allow-deserialize", 1, Text, "Names in it; `*` is all of them."),
    prop("allow-deserialize", "because", Text, WHY),
    prop("cross-silo", "timeout", Duration, "How long a message may take."),
    prop("cross-silo", "message-max", Size, "The largest message."),
    prop(
        "cross-silo",
        "back-end",
        OneOf(&["grpc", "brpc_link"]),
        "The library that carries messages, as SecretFlow calls it: grpc unless written.",
    ),
    prop(
        "ports",
        "scope",
        OneOf(&["global", "host"]),
        "Whether no two parties share a number (the default), or only those of one machine.",
    ),
    arg("pool", 0, Port, "The first port that sfgen allots."),
    arg("pool", 1, Port, "The last port that sfgen allots."),
    arg(
        "links",
        0,
        OneOf(&["direct", "gateway"]),
        "Each link on a port of its own (the default), or all on one of the launcher.",
    ),
    arg("tls", 0, OneOf(&["off"]), "Switches TLS of the runtime's links off."),
    needs("tls", "because", Text, WHY),
    rest(
        "include",
        0,
        Path,
        "Files, relative to this one; `*` stands for any characters of a name.",
    ),
    arg("party", 0, Kind::Name(Name::Party), "Its name: a folder, a certificate, a Ray resource."),
    arg(
        "host",
        0,
        Kind::Name(Name::Host),
        "Its name; the same name at another party is the same machine.",
    ),
    prop("host", "address", Address, "What the peers dial; written once for each machine."),
    prop("host", "listen", Address, "What its listeners bind, 0.0.0.0 unless written."),
    rest("reserve", 0, Port, "Ports that other programs of the machine use."),
    prop("ray", "cpus", Number(0, 10_000), "CPUs that Ray may hand out."),
    prop("ray", "object-store", Size, "Memory of the object store."),
    prop(
        "ray",
        "slots",
        Number(1, 1_000_000),
        "Tasks of the party that run at once in a simulation.",
    ),
    needs("identity", "ca", Path, "The party's CA certificate, committed."),
    needs("identity", "cert", Path, "Its leaf certificate, committed."),
    needs("identity", "key", Path, "The leaf's private key, on the party's machine only."),
    arg(
        "deploy",
        0,
        OneOf(&["process", "systemd", "docker", "kuscia"]),
        "How the party's processes are started.",
    ),
    prop("deploy", "user", Account, "The account under systemd."),
    prop("deploy", "home", Home, "The folder of the installation under systemd."),
    prop("deploy", "network", Text, "`host`, or a `network` that the containers join."),
    prop(
        "deploy",
        "protocol",
        OneOf(&["notls", "tls", "mtls"]),
        "What a Kuscia gateway speaks, as given with `-P`.",
    ),
    prop("deploy", "gateway", Port, "The port of a Kuscia gateway, as given with `-p`."),
    prop("deploy", "endpoint", Url, "Where other domains dial a Kuscia gateway."),
    rest("publish", 0, Mapping, "Ports that the machine passes on to containers on a bridge."),
    arg("pin", 0, Role, "What the ports are for, such as `sf`, `ray.gcs` or a service's port."),
    arg("pin", 1, Port, "The first port."),
    arg("pin", 2, Port, "The last port of a range."),
    prop("pin", "host", Kind::Name(Name::Host), "The host, the party's first unless written."),
    arg("service", 0, Kind::Name(Name::Service), "Its name."),
    prop(
        "service",
        "after",
        Text,
        "Services that must be ready first, divided by blanks; `ray` is the host's Ray node.",
    ),
    prop(
        "service",
        "host",
        Kind::Name(Name::Host),
        "Where it runs, the party's first host unless written.",
    ),
    prop("service", "image", Image, "A container image of its own."),
    prop("service", "grace", Duration, "How long it may take to stop before it is killed."),
    rest("command", 0, Template, "Program and arguments."),
    prop("env", "*", Template, "A variable of the service."),
    arg("port", 0, Kind::Name(Name::Port), "Its name, which `{port.NAME}` stands for."),
    arg("port", 1, Port, "The number that it must have."),
    needs(
        "ready",
        "tcp",
        Kind::Name(Name::Port),
        "The port that answers when the service is ready.",
    ),
    prop("ready", "within", Duration, "How long that may take."),
    arg("network", 0, Kind::Name(Name::Network), "Its name."),
    needs("network", "subnet", Subnet, "Its addresses."),
    arg("spu", 0, Kind::Name(Name::Device), "Its name."),
    prop("spu", "protocol", Text, "The protocol, as SPU spells it: SEMI2K unless written."),
    prop("spu", "field", Text, "The ring, as SPU spells it: FM128 unless written."),
    prop(
        "link",
        "connect-retries",
        Number(0, 1_000_000),
        "How often a peer is dialled before giving up.",
    ),
    prop("link", "connect-interval", Duration, "The pause between two tries."),
    prop("link", "recv-timeout", Duration, "How long a message of a peer is waited for."),
    prop("link", "http-timeout", Duration, "How long one request may take."),
    arg("heu", 0, Kind::Name(Name::Device), "Its name."),
    prop("heu", "field", Text, "The ring of the SPUs to which it converts."),
    prop("heu", "key-size", Number(1, 16_384), "The length of the Paillier key in bits."),
    arg("sk-keeper", 0, Kind::Name(Name::Party), "The party that holds the secret key."),
    rest(
        "evaluators",
        0,
        Kind::Name(Name::Party),
        "The parties that compute on what is encrypted.",
    ),
    arg("job", 0, Kind::Name(Name::Job), "Its name."),
    prop("job", "script", Path, "A Python script, the same at all parties."),
    prop("job", "kind", OneOf(&["sum"]), "What the embedded runtime computes."),
    prop(
        "job",
        "slots",
        Number(1, u16::MAX as i64),
        "How many runs of it may be under way at once.",
    ),
    rest(
        "parties",
        0,
        Kind::Name(Name::Party),
        "Those that take part, in the order of their ranks.",
    ),
    rest("args", 0, Template, "Arguments of the script."),
    arg("input", 0, Kind::Name(Name::Party), "A party."),
    arg("input", 1, Number(i64::MIN, i64::MAX), "Its number."),
    arg("allow", 0, Code, "The finding that is lived with in this node."),
    needs("allow", "because", Text, WHY),
];

/// What each node is for, in the order of the grammar.
pub const ABOUT: &[(&str, &str)] = &[
    ("topology", "The federation; exactly one in a root file and what it includes."),
    ("runtime", "What the parties run."),
    ("python", "The Python of the runtime."),
    (
        "allow-deserialize",
        "Names that messages of peers may unpickle, beside what the declared devices need.",
    ),
    ("cross-silo", "The link between the parties' drivers."),
    ("ports", "How ports are allotted."),
    ("pool", "The ports that sfgen allots from."),
    ("links", "How the parties' programs reach each other."),
    ("tls", "TLS of the runtime's links."),
    ("include", "Further files of this topology."),
    ("party", "An organisation and its machines."),
    ("host", "A machine of the party. Launcher and driver live on the first."),
    ("reserve", "Ports of the machine that sfgen leaves alone."),
    ("ray", "The Ray node of the host."),
    ("identity", "The party's certificates; needed in production."),
    ("deploy", "How the party's processes are started."),
    (
        "publish",
        "Ports of a bridge's containers that the machine passes on, as Docker writes them.",
    ),
    ("pin", "Ports that are in a firewall already."),
    ("service", "A process that is kept up on one of the party's hosts."),
    ("command", "What the service runs."),
    ("env", "Variables of the service."),
    ("port", "A listener of the service; sfgen allots its number."),
    ("ready", "When the service counts as ready."),
    ("network", "A Docker bridge that containers join."),
    ("spu", "An SPU: its parties compute on secret shares."),
    ("link", "The link between the SPU's nodes."),
    ("heu", "An HEU: its parties compute on encrypted numbers."),
    ("sk-keeper", "Who holds the secret key."),
    ("evaluators", "Who computes on what is encrypted."),
    ("job", "Something that parties run together."),
    ("parties", "Who takes part."),
    ("args", "What the script is given."),
    ("input", "A number that a party adds to a sum."),
    ("allow", "A finding in this node that somebody looked at and decided to live with."),
];

/// What a node is for.
#[must_use]
pub fn about(node: &str) -> &'static str {
    ABOUT.iter().find(|(name, _)| *name == node).map_or("", |(_, about)| about)
}

/// The children that a node cannot do without.
pub const NEEDED: &[(&str, &[&str])] = &[
    ("party", &["host"]),
    ("service", &["command"]),
    ("spu", &["parties"]),
    ("heu", &["sk-keeper", "evaluators"]),
    ("job", &["parties"]),
];

/// What the argument at `index` of a node is.
#[must_use]
pub fn of_arg(node: &str, index: usize) -> Option<&'static Entry> {
    of(node).find(|entry| match entry.part {
        Part::Arg(at) => at == index,
        Part::Rest(from) => from <= index,
        Part::Prop(_) => false,
    })
}

/// What the property `key` of a node is.
#[must_use]
pub fn of_prop(node: &str, key: &str) -> Option<&'static Entry> {
    of(node).find(move |entry| match entry.part {
        Part::Prop(known) => known == key || known == "*",
        _ => false,
    })
}

/// The entries of a node.
pub fn of(node: &str) -> impl Iterator<Item = &'static Entry> {
    VALUES.iter().filter(move |entry| entry.node == node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::grammar::RULES;

    #[test]
    fn every_value_of_the_grammar_has_an_entry_here_and_every_entry_a_value_there() {
        for rule in RULES {
            let (fewest, most) = rule.args;
            let last = if most == usize::MAX { fewest.max(1) } else { most };
            for index in 0..last {
                assert!(of_arg(rule.name, index).is_some(), "argument {index} of `{}`", rule.name);
            }
            let is_open = of(rule.name).any(|entry| matches!(entry.part, Part::Rest(_)));
            assert_eq!(is_open, most == usize::MAX, "the arguments of `{}`", rule.name);
            for key in rule.props {
                assert!(of_prop(rule.name, key).is_some(), "`{} {key}=`", rule.name);
            }
        }
        for entry in VALUES {
            let rule = RULES.iter().find(|rule| rule.name == entry.node);
            let is_there = rule.is_some_and(|rule| match entry.part {
                Part::Arg(index) | Part::Rest(index) => index < rule.args.1,
                Part::Prop(key) => rule.props.contains(&key),
            });
            assert!(is_there, "{entry:?}");
        }
        assert!(RULES.iter().map(|rule| rule.name).eq(ABOUT.iter().map(|(node, _)| *node)));
        for (node, children) in NEEDED {
            for child in *children {
                assert!(crate::syntax::grammar::find(node, child).is_some(), "{node} {child}");
            }
        }
    }
}
