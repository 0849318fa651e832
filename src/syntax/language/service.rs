//! `service "redis" after=... host=... image=... grace=... { command ...; env ...; port ...; ready ... }`.

use super::{
    files::{ENV_FILE, MOUNT, SECRET},
    kind::{
        Kind::{self, Image, Port, Template, Text},
        Name,
    },
    rule::{Occurs, Rule, arg, may, must, prop},
};

pub(super) static SERVICE: Rule = Rule {
    name: "service",
    about: "A process that is kept up on one of the party's hosts.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Service), "Its name.")],
    props: &[
        prop(
            "after",
            Text,
            "Services that must be ready first, divided by blanks; `ray` is the host's Ray node.",
        ),
        prop(
            "host",
            Kind::Name(Name::Host),
            "Where it runs, the party's first host unless written.",
        ),
        prop("image", Image, "A container image of its own."),
        // As long as Docker gives a container.
        prop("grace", Kind::DURATION, "How long it may take to stop before it is killed.")
            .or("10s"),
    ],
    children: &[
        must(
            &COMMAND,
            "write what it runs: `command \"redis-server\" \"--port\" \"{port.redis}\"`",
        ),
        may(&ENV),
        may(&PORT),
        may(&READY),
        may(&MOUNT),
        may(&SECRET),
        may(&ENV_FILE),
    ],
};

static COMMAND: Rule = Rule {
    name: "command",
    about: "What the service runs.",
    occurs: Occurs::Once,
    args_are: "a program and its arguments",
    args: &[arg(Template, "Program and arguments.").repeated()],
    props: &[],
    children: &[],
};

static ENV: Rule = Rule {
    name: "env",
    about: "Variables of the service.",
    occurs: Occurs::Many,
    args_are: "properties only: `env NAME=\"value\"`",
    args: &[],
    props: &[prop("*", Template, "A variable of the service.")],
    children: &[],
};

static PORT: Rule = Rule {
    name: "port",
    about: "A listener of the service; sfgen allots its number.",
    occurs: Occurs::Keyed,
    args_are: "a name and, to pin it, a number",
    args: &[
        arg(Kind::Name(Name::Port), "Its name, which `{port.NAME}` stands for."),
        arg(Port, "The number that it must have.").optional(),
    ],
    props: &[],
    children: &[may(&PEERS)],
};

static PEERS: Rule = Rule {
    name: "peers",
    about: "The parties that may dial the port.",
    occurs: Occurs::Once,
    args_are: "parties",
    args: &[arg(Kind::Name(Name::Party), "A party that may dial the port.").repeated()],
    props: &[],
    children: &[],
};

static READY: Rule = Rule {
    name: "ready",
    about: "When the service counts as ready.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[
        prop("tcp", Kind::Name(Name::Port), "The port that answers when the service is ready.")
            .required("name the port that answers: `ready tcp=\"redis\"`"),
        // Enough for a database that reads its files first.
        prop("within", Kind::DURATION, "How long that may take.").or("60s"),
    ],
    children: &[],
};
