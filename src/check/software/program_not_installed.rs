#![doc = include_str!("program_not_installed.md")]

use std::collections::BTreeSet;

use crate::{
    catalogue::packages_of,
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Party, Service},
    types::{Package, Piece},
};

const CODE: Code = Code("SF0964");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("program_not_installed.md"), program_not_installed);

fn program_not_installed(context: Context<'_>, findings: &mut Findings) {
    let Some(settings) = context.secretflow() else { return };
    let engine = settings.engine.value.to_string();
    let pinned = context.release.map(|release| release.pinned(&engine)).unwrap_or_default();
    // What an image of the user's own has, nobody can tell.
    let parties = context.topology.parties.values();
    for party in parties.filter(|party| party.deploy.image().is_none()) {
        let installed = installed(context, party);
        for service in party.services.iter().filter(|service| service.image.is_none()) {
            for package in packages_of(&words(service)) {
                let name = normal(package);
                if pinned.contains_key(&name) || installed.contains(&name) {
                    continue;
                }
                findings.push(finding(party, service, package));
            }
        }
    }
}

/// The packages that are listed for a party, by their normal names.
fn installed(context: Context<'_>, party: &Party) -> BTreeSet<String> {
    let software = context.topology.software(party);
    let listed = software.flat_map(|software| software.listed(context.package_lists));
    listed.map(|listed| listed.package.value.normal_name()).collect()
}

fn normal(name: &str) -> String {
    let package: Result<Package, _> = format!("{name}==0").parse();
    package.map(|package| package.normal_name()).unwrap_or_default()
}

/// The words of a command; what is filled in is no name of a program.
fn words(service: &Service) -> Vec<String> {
    let word = |pieces: &[Piece<_>]| match pieces {
        [Piece::Literal(text)] => text.clone(),
        _ => String::new(),
    };
    service.command.iter().map(|text| word(&text.value.0)).collect()
}

fn finding(party: &Party, service: &Service, package: &str) -> Finding {
    let span = |index: usize| service.command.get(index).map(|word| word.span);
    let first = span(0).unwrap_or(service.name.span);
    let place = match span(service.command.len().saturating_sub(1)) {
        // The whole command, where it stands in one line of one file.
        Some(last) if last.file == first.file => SourceSpan { end: last.end, ..first },
        _ => first,
    };
    let has_images = party.deploy.target().keeper.has_images();
    let message = format!(
        "service `{}` needs the package `{package}`, which is not installed for `{}`",
        service.name.value, party.name.value
    );
    let finding =
        if has_images { Finding::error(CODE, message) } else { Finding::warning(CODE, message) };
    let where_to = party.deploy_span.unwrap_or(party.name.span);
    let label = if has_images {
        "the image has Python, SecretFlow and what is listed"
    } else {
        "the environment has SecretFlow and what is listed; the machine may have more"
    };
    finding.label(place, "starts it").label(where_to, label).help(format!(
        "list it with its version in the party: `packages \"{package}==...\"`; or give the service an `image` of its own"
    ))
}
