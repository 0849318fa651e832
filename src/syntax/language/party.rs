//! `party "alice" { host ...; identity ...; deploy ...; pin ...; service ... }`.

use super::{
    deploy::DEPLOY,
    files::{ENV_FILE, MOUNT, SECRET},
    host::HOST,
    kind::{
        Kind::{self, Path, Port, Role},
        Name,
    },
    rule::{Occurs, Rule, arg, may, must, prop},
    service::SERVICE,
    software::{INDEX_URL, PACKAGES, REQUIREMENTS, WHEELS},
};

pub(super) static PARTY: Rule = Rule {
    name: "party",
    about: "An organisation and its machines.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Party), "Its name: a folder, a certificate, a Ray resource.")],
    props: &[
        prop("as", Kind::RuntimeParty, "What SecretFlow calls it, where that is another name."),
        INDEX_URL,
    ],
    children: &[
        must(&HOST, "name a machine: `host \"alice-1\" address=\"192.168.1.10\"`"),
        may(&IDENTITY),
        may(&DEPLOY),
        may(&PIN),
        may(&MOUNT),
        may(&SECRET),
        may(&ENV_FILE),
        may(&SERVICE),
        may(&PACKAGES),
        may(&REQUIREMENTS),
        may(&WHEELS),
    ],
};

static IDENTITY: Rule = Rule {
    name: "identity",
    about: "The party's certificates; needed in production.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[
        prop("ca", Path, "The party's CA certificate, committed.").required(WRITE_IDENTITY),
        prop("cert", Path, "Its leaf certificate, committed.").required(WRITE_IDENTITY),
        prop("key", Path, "The leaf's private key, on the party's machine only.")
            .required(WRITE_IDENTITY),
    ],
    children: &[],
};

const WRITE_IDENTITY: &str = "write `identity ca=\"pki/alice/ca.pem\" cert=\"pki/alice/node.pem\" key=\"keys/alice/node.key\"`";

static PIN: Rule = Rule {
    name: "pin",
    about: "Ports that are in a firewall already.",
    occurs: Occurs::Grouped,
    args_are: "a role, the first port and, for a range, the last",
    args: &[
        arg(Role, "What the ports are for, such as `sf`, `ray.gcs` or a service's port."),
        arg(Port, "The first port."),
        arg(Port, "The last port of a range.").optional(),
    ],
    props: &[prop("host", Kind::Name(Name::Host), "The host, the party's first unless written.")],
    children: &[],
};
