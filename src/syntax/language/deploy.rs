//! `deploy "systemd" user=... home=...`, `deploy "docker" network=... { publish ... }` and their kin.

use crate::types::{GatewayProtocol, TargetName};

use super::{
    kind::{
        Kind::{self, Account, Home, Image, Mapping, OneOf, Port, Url},
        Name,
    },
    rule::{Literal, Occurs, Rule, arg, may, prop},
};

pub(super) static DEPLOY: Rule = Rule {
    name: "deploy",
    about: "How the party's processes are started.",
    occurs: Occurs::Once,
    args_are: "`process`, `systemd`, `docker` or `kuscia`",
    args: &[arg(OneOf(TargetName::WORDS), "How the party's processes are started.")
        .or(Literal::Text(TargetName::Process.word()))],
    props: &[
        prop("user", Account, "The account under systemd.").or("secretflow"),
        prop("home", Home, "The folder of the installation under systemd.").or("/opt/secretflow"),
        prop("image", Image, "The image for all that has none of its own; none is built then."),
        prop(
            "network",
            Kind::Name(Name::Network),
            "`host`, or a `network` that the containers join.",
        )
        .or("host"),
        // What domains that meet without a master speak where nothing is said (`docs/runtime.md`, Kuscia).
        prop(
            "protocol",
            OneOf(GatewayProtocol::WORDS),
            "What a Kuscia gateway speaks, as given with `-P`.",
        )
        .or(GatewayProtocol::Tls.word()),
        prop("gateway", Port, "The port of a Kuscia gateway, as given with `-p`.")
            .help("write the port that Kuscia's script is given with `-p`: `gateway=18080`"),
        prop("endpoint", Url, "Where other domains dial a Kuscia gateway."),
    ],
    children: &[may(&PUBLISH)],
};

static PUBLISH: Rule = Rule {
    name: "publish",
    about: "Ports of a bridge's containers that the machine passes on, as Docker writes them.",
    occurs: Occurs::Many,
    args_are: "mappings of ports, such as `6080:1080`",
    args: &[arg(Mapping, "Ports that the machine passes on to containers on a bridge.")
        .help("write the machine's port and the container's: `publish \"6080:1080\"`")
        .repeated()],
    props: &[],
    children: &[],
};
