//! `mount "/data/psi" ...`, `secret "db" ...` and `env-file "/etc/sfgen/worker.env"`: what a machine has for processes.

use super::{
    kind::{
        Kind::{self, MachinePath, OneOf},
        Name,
    },
    rule::{Occurs, Rule, arg, prop},
};
use crate::types::Access;

pub(super) static MOUNT: Rule = Rule {
    name: "mount",
    about: "A file or folder of the machine that processes work with.",
    occurs: Occurs::Keyed,
    args_are: "a path on the machine",
    args: &[arg(MachinePath, "The file or folder, on each machine where those processes run.")],
    props: &[
        // What is only read cannot be lost by a mistake.
        prop("access", OneOf(Access::WORDS), "What they do with it.").or(Access::Read.word()),
        prop("as", MachinePath, "Where they see it, the same path unless written."),
    ],
    children: &[],
};

pub(super) static SECRET: Rule = Rule {
    name: "secret",
    about: "A file of the machine with a password, token or key.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Secret), "Its name, for `{secret.NAME}`.")],
    props: &[prop("file", MachinePath, "The file, which is on the party's machine only.")
        .required("write where it lies: `secret \"db\" file=\"/etc/sfgen/db\"`")],
    children: &[],
};

pub(super) static ENV_FILE: Rule = Rule {
    name: "env-file",
    about: "Files of the machine with variables of services.",
    occurs: Occurs::Many,
    args_are: "paths on the machine",
    args: &[arg(MachinePath, "A file with lines such as `REDIS_PASSWORD=...`.").repeated()],
    props: &[],
    children: &[],
};
