#![doc = include_str!("path_out_of_reach.md")]

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use crate::{
    check::{Check, Context, services::texts::written},
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    model::{Job, JobKind, Party, Service, Text},
    types::Access,
};

use super::{
    reach::{GivenPath, Of, given_path, out_of_reach},
    visible::Visible,
};

const CODE: Code = Code("SF0250");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("path_out_of_reach.md"), path_out_of_reach);

fn path_out_of_reach(context: Context<'_>, findings: &mut Findings) {
    for job in context.topology.jobs.values() {
        let folders = of_job(context, job);
        let who = format!("job `{}`", job.name.value);
        findings.extend(
            folders.into_iter().map(|(folder, lost)| finding(context, &who, "args", &folder, lost)),
        );
    }
    for party in context.topology.parties.values() {
        for service in party.services.iter().filter(|service| service.image.is_none()) {
            let folders = of_service(party, service);
            let who = format!("service `{}`", service.name.value);
            findings.extend(
                folders
                    .into_iter()
                    .map(|(folder, lost)| finding(context, &who, "command", &folder, lost)),
            );
        }
    }
}

/// What is out of reach in one folder.
#[derive(Default)]
struct Lost<'a> {
    /// The places of the paths, with the paths.
    paths: Vec<(SourceSpan, String)>,
    /// Whose processes do not reach them, and why.
    parties: BTreeMap<&'a str, (SourceSpan, &'static str)>,
    writes: bool,
}

type Folders<'a> = BTreeMap<String, Lost<'a>>;

fn of_job<'a>(context: Context<'a>, job: &'a Job) -> Folders<'a> {
    let mut folders = Folders::new();
    let JobKind::Script { args, .. } = &job.kind else { return folders };
    let parties: BTreeSet<_> = job.parties.iter().map(|name| &name.value).collect();
    for party in parties.into_iter().filter_map(|name| context.topology.parties.get(name)) {
        let Some(host) = party.main_host() else { continue };
        let visible = Visible::of_job(party, host, job);
        if visible.is_whole {
            lose(party, Of::Job, args, &visible, &mut folders);
        }
    }
    folders
}

fn of_service<'a>(party: &'a Party, service: &'a Service) -> Folders<'a> {
    let mut folders = Folders::new();
    let Some(host) = party.host_of(service) else { return folders };
    let visible = Visible::of_service(party, host, service);
    if visible.is_whole {
        lose(party, Of::Service, &service.command, &visible, &mut folders);
    }
    folders
}

/// Adds the paths among words that a process of a party does not reach.
fn lose<'a>(
    party: &'a Party,
    of: Of,
    words: &[Spanned<Text>],
    visible: &Visible<'_>,
    folders: &mut Folders<'a>,
) {
    let mut before: Option<String> = None;
    for word in words {
        let given = given_path(&word.value, before.as_deref());
        before = Some(written(&word.value));
        let Some(given) = given else { continue };
        let Some(why) = out_of_reach(party, of, &given, &visible.mounts) else { continue };
        let lost = folders.entry(folder(&given)).or_default();
        let place = (word.span, given.path.to_string());
        if !lost.paths.contains(&place) {
            lost.paths.push(place);
        }
        lost.writes |= given.access == Access::Write;
        let span = party.deploy_span.unwrap_or(party.name.span);
        lost.parties.entry(party.name.value.as_str()).or_insert((span, why));
    }
}

/// What is to be mounted: the folder of what is called like a file, else the path itself.
fn folder(given: &GivenPath) -> String {
    let path = given.path.as_path();
    let parent = path.parent().filter(|parent| parent.file_name().is_some());
    let is_file = path.extension().is_some();
    parent.filter(|_| is_file).map_or(path, Utf8Path::new).to_string()
}

fn finding(
    context: Context<'_>,
    who: &str,
    node: &str,
    folder: &str,
    mut lost: Lost<'_>,
) -> Finding {
    // Each party adds those that it does not reach.
    lost.paths.sort();
    let paths: Vec<String> = lost.paths.iter().map(|(_, path)| format!("`{path}`")).collect();
    let parties: Vec<&str> = lost.parties.keys().copied().collect();
    let message = format!("{who} does not reach {} at {}", paths.join(" and "), parties.join(", "));
    let mut finding = Finding::error(CODE, message);
    for (span, _) in &lost.paths {
        finding = finding.label(*span, "out of reach of what runs there");
    }
    for (span, why) in lost.parties.values() {
        finding = finding.label(*span, *why);
    }
    let access = if lost.writes { " access=\"write\"" } else { "" };
    let mount = format!("mount {folder:?}{access}");
    let help = format!(
        "write `{mount}` beside `{node}`; where the data lies elsewhere on one machine, that party mounts it with `as={folder:?}`"
    );
    let place = lost.paths[0].0;
    let fix = context.insert_before(format!("write `{mount}`"), place, node, &mount);
    finding.help(help).fixes(fix)
}
