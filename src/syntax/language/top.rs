//! What stands at the top of a file; and the topology itself, ports, links and networks.

use crate::types::{Links, Mode, PortScope};

use super::{
    device::{HEU, SPU},
    job::JOB,
    kind::{
        Kind::{self, OneOf, Path, Port, Subnet},
        Name,
    },
    party::PARTY,
    rule::{Child, Literal, Occurs, Rule, arg, may, prop},
    runtime::RUNTIME,
    shared::{BECAUSE, WRITE_WHY},
};

/// What stands at the top of a file.
pub(super) const TOP: &[Child] = &[
    may(&TOPOLOGY),
    may(&RUNTIME),
    may(&PORTS),
    may(&LINKS),
    may(&TLS),
    may(&INCLUDE),
    may(&PARTY),
    may(&NETWORK),
    may(&SPU),
    may(&HEU),
    may(&JOB),
];

static TOPOLOGY: Rule = Rule {
    name: "topology",
    about: "The federation; exactly one in a root file and what it includes.",
    occurs: Occurs::Once,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Topology), "Its name, a part of unit and container names.")],
    props: &[prop(
        "mode",
        OneOf(Mode::WORDS),
        "Several organisations that meet, or one laboratory.",
    )
    .or(Mode::Production.word())],
    children: &[],
};

static PORTS: Rule = Rule {
    name: "ports",
    about: "How ports are allotted.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    // A number then means one thing in every firewall.
    props: &[prop(
        "scope",
        OneOf(PortScope::WORDS),
        "Whether no two parties share a number, or only those of one machine.",
    )
    .or(PortScope::Global.word())],
    children: &[may(&POOL)],
};

static POOL: Rule = Rule {
    name: "pool",
    about: "The ports that sfgen allots from.",
    occurs: Occurs::Once,
    args_are: "the first and the last port",
    // Above Ray's default workers (10002-19999), and plannable.
    args: &[
        arg(Port, "The first port that sfgen allots.").or(Literal::Number(20000)),
        arg(Port, "The last port that sfgen allots.").or(Literal::Number(31999)),
    ],
    props: &[],
    children: &[],
};

static LINKS: Rule = Rule {
    name: "links",
    about: "How the parties' programs reach each other.",
    occurs: Occurs::Once,
    args_are: "`direct` or `gateway`",
    args: &[arg(
        OneOf(Links::WORDS),
        "Each link on a port of its own, or all on one of the launcher.",
    )
    .or(Literal::Text(Links::Direct.word()))],
    props: &[],
    children: &[],
};

static TLS: Rule = Rule {
    name: "tls",
    about: "TLS of the runtime's links.",
    occurs: Occurs::Once,
    args_are: "`off`",
    args: &[arg(OneOf(&["off"]), "Switches TLS of the runtime's links off.")],
    props: &[BECAUSE.required(WRITE_WHY)],
    children: &[],
};

static INCLUDE: Rule = Rule {
    name: "include",
    about: "Further files of this topology.",
    occurs: Occurs::Many,
    args_are: "paths, relative to this file",
    args: &[arg(Path, "Files, relative to this one; `*` stands for any characters of a name.")
        .repeated()],
    props: &[],
    children: &[],
};

static NETWORK: Rule = Rule {
    name: "network",
    about: "A Docker bridge that containers join.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Network), "Its name.")],
    props: &[prop("subnet", Subnet, "Its addresses.")
        .required("write its addresses: `subnet=\"192.168.0.0/24\"`")],
    children: &[],
};
