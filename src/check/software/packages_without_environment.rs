#![doc = include_str!("packages_without_environment.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0963");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("packages_without_environment.md"), packages_without_environment);

/// Nodes that ask for packages.
const NODES: [&str; 3] = ["packages", "requirements", "wheels"];

fn packages_without_environment(context: Context<'_>, findings: &mut Findings) {
    if context.secretflow().is_some() {
        return;
    }
    let Some(runtime) = context.nodes.iter().find(|node| node.name.value == "runtime") else {
        return;
    };
    let parties = context.nodes.iter().filter(|node| node.name.value == "party");
    for node in parties.chain([runtime]) {
        let asks = |name: &str| NODES.contains(&name);
        let Some(first) = node.children.iter().find(|child| asks(&child.name.value)) else {
            continue;
        };
        let finding = Finding::error(CODE, "packages are listed, and no Python is installed")
            .label(first.span(), "into nothing")
            .label(runtime.span(), "this runtime has no Python")
            .help("drop them, or name the program of the service with its folder, or give the service an `image`");
        findings.push(finding);
    }
}
