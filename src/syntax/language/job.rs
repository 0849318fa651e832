//! `job "psi" script=... slots=... { parties ...; args ... }` and `job "total" kind="sum" { input ... }`.

use super::{
    files::MOUNT,
    kind::{
        Kind::{self, Number, OneOf, Path, Template},
        Name,
    },
    rule::{Occurs, Rule, arg, may, must, prop},
    shared::{PARTIES, WRITE_PARTIES},
};

pub(super) static JOB: Rule = Rule {
    name: "job",
    about: "Something that parties run together.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Job), "Its name.")],
    props: &[
        prop("script", Path, "A Python script, the same at all parties."),
        prop("kind", OneOf(&["sum"]), "What the embedded runtime computes."),
        prop("slots", Number(1, u16::MAX as i64), "How many runs of it may be under way at once.")
            .or_number(1),
    ],
    children: &[must(&PARTIES, WRITE_PARTIES), may(&ARGS), may(&INPUT), may(&MOUNT)],
};

static ARGS: Rule = Rule {
    name: "args",
    about: "What the script is given.",
    occurs: Occurs::Once,
    args_are: "arguments of the script",
    args: &[arg(Template, "Arguments of the script.").repeated()],
    props: &[],
    children: &[],
};

static INPUT: Rule = Rule {
    name: "input",
    about: "A number that a party adds to a sum.",
    occurs: Occurs::Many,
    args_are: "a party and, without a `file`, its number",
    args: &[
        arg(Kind::Name(Name::Party), "A party."),
        arg(Number(i64::MIN, i64::MAX), "Its number, which everybody can read here.").optional(),
    ],
    props: &[prop(
        "file",
        Path,
        "A file on the party's machine that holds its number, so that nobody else learns it.",
    )
    .help("name a file on the party's machine, relative to the folder of the topology")],
    children: &[],
};
