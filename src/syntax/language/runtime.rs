//! `runtime "secretflow" version=... engine=... { python ...; allow-deserialize ...; cross-silo ... }`.

use crate::types::{BackEnd, Engine, RuntimeName, Size};

use super::{
    kind::{
        Kind::{self, OneOf, Python, Text},
        Limit,
    },
    rule::{Occurs, Rule, arg, may, prop},
    shared::BECAUSE,
    software::{INDEX_URL, PACKAGES, REQUIREMENTS, WHEELS},
};

pub(super) static RUNTIME: Rule = Rule {
    name: "runtime",
    about: "What the parties run.",
    occurs: Occurs::Once,
    args_are: "a runtime: `secretflow` or `embedded`",
    args: &[arg(
        OneOf(RuntimeName::WORDS),
        "What the parties run; `embedded` is sfgen's own arithmetic and needs nothing.",
    )],
    props: &[
        prop("version", Text, "The release of SecretFlow that all parties run.")
            .help("name the release that all parties run, such as `version=\"1.13.0b0\"`"),
        prop("engine", OneOf(Engine::WORDS), "Ray clusters, or threads in one process.")
            .or(Engine::Ray.word()),
        INDEX_URL,
    ],
    children: &[
        may(&PYTHON),
        may(&ALLOW_DESERIALIZE),
        may(&CROSS_SILO),
        may(&PACKAGES),
        may(&REQUIREMENTS),
        may(&WHEELS),
    ],
};

static PYTHON: Rule = Rule {
    name: "python",
    about: "The Python of the runtime.",
    occurs: Occurs::Once,
    args_are: "a version, such as `3.10`",
    args: &[arg(Python, "The version that all parties have.")],
    props: &[],
    children: &[],
};

static ALLOW_DESERIALIZE: Rule = Rule {
    name: "allow-deserialize",
    about: "Names that messages of peers may unpickle, beside what the declared devices need.",
    occurs: Occurs::Many,
    args_are: "a module and names in it",
    args: &[
        arg(Text, "A module; `*` lifts the list, with a reason."),
        arg(Text, "Names in it; `*` is all of them.").optional().repeated(),
    ],
    props: &[BECAUSE],
    children: &[],
};

static CROSS_SILO: Rule = Rule {
    name: "cross-silo",
    about: "The link between the parties' drivers.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[
        // What a slow link survives.
        prop("timeout", Kind::DURATION, "How long a message may take.").or("60s"),
        // SecretFlow's own limit of a message.
        prop("message-max", Kind::Size(Some(MESSAGE)), "The largest message.").or("500MiB"),
        prop(
            "back-end",
            OneOf(BackEnd::WORDS),
            "The library that carries messages, as SecretFlow calls it.",
        )
        .or(BackEnd::Grpc.word()),
    ],
    children: &[],
};

const MESSAGE: Limit<Size> =
    Limit { most: Size::mib(2047), because: "gRPC counts the bytes of a message in 31 bits" };
