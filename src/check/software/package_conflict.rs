#![doc = include_str!("package_conflict.md")]

use std::collections::BTreeMap;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{ListedPackage, Party},
};

const CODE: Code = Code("SF0962");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("package_conflict.md"), package_conflict);

fn package_conflict(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow() else { return };
    let engine = settings.engine.value.to_string();
    let pinned = context.release.map(|release| release.pinned(&engine)).unwrap_or_default();
    let version = settings.version.span;
    // What is listed for all parties is told once.
    let shared: Vec<_> = settings.software.listed(context.package_lists).collect();
    findings.extend(shared.iter().filter_map(|listed| with_runtime(listed, &pinned, version)));
    let mut first = BTreeMap::new();
    for listed in &shared {
        findings.extend(in_two_versions(listed, &mut first));
    }
    for party in context.topology.parties.values() {
        findings.extend(of_party(context, party, &pinned, version, first.clone()));
    }
}

/// Each listed package by its normal name: its version, and where that is written.
type First = BTreeMap<String, (String, SourceSpan)>;

fn of_party(
    context: Context<'_>,
    party: &Party,
    pinned: &BTreeMap<String, String>,
    version: SourceSpan,
    mut first: First,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for listed in party.software.listed(context.package_lists) {
        found.extend(with_runtime(&listed, pinned, version));
        found.extend(in_two_versions(&listed, &mut first));
    }
    found
}

fn with_runtime(
    listed: &ListedPackage,
    pinned: &BTreeMap<String, String>,
    release: SourceSpan,
) -> Option<Finding> {
    let package = &listed.package.value;
    let own = pinned.get(&package.normal_name()).filter(|own| *own != package.version())?;
    let name = package.normal_name();
    let message = format!("the runtime is installed with `{name}=={own}`, not with `{package}`");
    let finding = Finding::error(CODE, message)
        .label(listed.package.span, "another version")
        .label(release, "the release with which it was tested")
        .help(format!(
            "drop it, since the runtime brings `{name}`; what needs another version runs in an image of its own"
        ));
    Some(finding)
}

fn in_two_versions(listed: &ListedPackage, first: &mut First) -> Option<Finding> {
    let package = &listed.package.value;
    let (name, version) = (package.normal_name(), package.version().to_owned());
    let (other, earlier) =
        first.entry(name.clone()).or_insert((version.clone(), listed.package.span));
    if *other == version {
        return None;
    }
    let finding = Finding::error(CODE, format!("package `{name}` is listed in two versions"))
        .label(listed.package.span, "this one")
        .label(*earlier, "and this one")
        .help("keep one of them: a party has one environment");
    Some(finding)
}
