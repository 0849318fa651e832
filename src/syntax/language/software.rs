//! Software beside SecretFlow, for all parties in `runtime` or for one in `party`.

use super::{
    kind::Kind::{self, Home, Package, Path},
    rule::{Occurs, Property, Rule, arg, prop},
};

/// Where packages are looked for instead of PyPI.
pub(super) const INDEX_URL: Property =
    prop("index-url", Kind::IndexUrl, "The index from which pip installs, instead of PyPI.");

pub(super) static PACKAGES: Rule = Rule {
    name: "packages",
    about: "Packages of Python beside SecretFlow, for services.",
    occurs: Occurs::Many,
    args_are: "packages with their versions",
    args: &[arg(Package, "A package and its one version.")
        .help("write name and version: `packages \"celery==5.4.0\"`")
        .repeated()],
    props: &[],
    children: &[],
};

pub(super) static REQUIREMENTS: Rule = Rule {
    name: "requirements",
    about: "A list of packages beside SecretFlow, with hashes or without.",
    occurs: Occurs::Once,
    args_are: "a file beside the topology",
    args: &[arg(Path, "A file with a line `name==version` for each package, committed.")],
    props: &[],
    children: &[],
};

pub(super) static WHEELS: Rule = Rule {
    name: "wheels",
    about: "A folder of wheels, for machines without the Internet.",
    occurs: Occurs::Once,
    args_are: "an absolute path",
    args: &[arg(
        Home,
        "The folder, on each machine; without `index-url` nothing is looked for elsewhere.",
    )],
    props: &[],
    children: &[],
};
