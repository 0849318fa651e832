#![doc = include_str!("path_out_of_reach.md")]

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    check::{Check, Context, services::texts::written},
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    model::{Job, JobKind, Mount, Party, Service, Text},
    types::Access,
};

use super::{
    reach::{Obstacle, Of, given_path, obstacle},
    visible::Visible,
};

const CODE: Code = Code("SF0250");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("path_out_of_reach.md"), path_out_of_reach);

fn path_out_of_reach(context: Context<'_>, findings: &mut Findings) {
    for job in context.topology.jobs.values() {
        let causes = of_job(context, job);
        let who = format!("job `{}`", job.name.value);
        findings.extend(
            causes.into_iter().map(|(remedy, lost)| finding(context, &who, "args", &remedy, lost)),
        );
    }
    for party in context.topology.parties.values() {
        for service in party.services.iter().filter(|service| service.image.is_none()) {
            let causes = of_service(party, service);
            let who = format!("service `{}`", service.name.value);
            findings.extend(
                causes
                    .into_iter()
                    .map(|(remedy, lost)| finding(context, &who, "command", &remedy, lost)),
            );
        }
    }
}

/// What a process is to use and cannot, for one cause that one change mends.
#[derive(Default)]
struct Lost<'a> {
    /// The places of the paths, with the paths.
    paths: Vec<(SourceSpan, String)>,
    /// Whose processes cannot use them, and why.
    parties: BTreeMap<&'a str, (SourceSpan, &'static str)>,
    writes: bool,
    /// The mount that would have to be written.
    read_only: Option<&'a Mount>,
}

/// What is to be changed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Remedy {
    /// The folder is to be mounted.
    Mount(String),
    /// The path is to lie elsewhere than in the folder of the topology.
    Elsewhere,
    /// The mount at this place is to be written.
    Write(SourceSpan),
}

type Causes<'a> = BTreeMap<Remedy, Lost<'a>>;

fn of_job<'a>(context: Context<'a>, job: &'a Job) -> Causes<'a> {
    let mut causes = Causes::new();
    let JobKind::Script { args, .. } = &job.kind else { return causes };
    let parties: BTreeSet<_> = job.parties.iter().map(|name| &name.value).collect();
    for party in parties.into_iter().filter_map(|name| context.topology.parties.get(name)) {
        let Some(host) = party.main_host() else { continue };
        let visible = Visible::of_job(party, host, job);
        if visible.is_whole {
            lose(party, Of::Job, args, &visible, &mut causes);
        }
    }
    causes
}

fn of_service<'a>(party: &'a Party, service: &'a Service) -> Causes<'a> {
    let mut causes = Causes::new();
    let Some(host) = party.host_of(service) else { return causes };
    let visible = Visible::of_service(party, host, service);
    if visible.is_whole {
        lose(party, Of::Service, &service.command, &visible, &mut causes);
    }
    causes
}

/// Adds the paths among words that a process of a party does not reach.
fn lose<'a>(
    party: &'a Party,
    of: Of,
    words: &[Spanned<Text>],
    visible: &Visible<'a>,
    causes: &mut Causes<'a>,
) {
    let mut before: Option<String> = None;
    for word in words {
        let given = given_path(&word.value, before.as_deref());
        before = Some(written(&word.value));
        let Some(given) = given else { continue };
        let Some(obstacle) = obstacle(party, of, &given, &visible.mounts) else { continue };
        let (remedy, why) = match obstacle {
            Obstacle::Unseen(why) => (Remedy::Mount(given.folder().to_string()), why),
            Obstacle::InRoot => {
                (Remedy::Elsewhere, "containers may only read the folder of the topology")
            }
            Obstacle::ReadOnly(mount) => (Remedy::Write(mount.path.span), "of this party"),
        };
        let lost = causes.entry(remedy).or_default();
        let place = (word.span, written(&word.value));
        if !lost.paths.contains(&place) {
            lost.paths.push(place);
        }
        lost.writes |= given.access == Access::Write;
        if let Obstacle::ReadOnly(mount) = obstacle {
            lost.read_only = Some(mount);
        }
        let span = party.deploy_span.unwrap_or(party.name.span);
        lost.parties.entry(party.name.value.as_str()).or_insert((span, why));
    }
}

fn finding(
    context: Context<'_>,
    who: &str,
    node: &str,
    remedy: &Remedy,
    mut lost: Lost<'_>,
) -> Finding {
    // Each party adds those that it does not reach.
    lost.paths.sort();
    let paths: Vec<String> = lost.paths.iter().map(|(_, path)| format!("`{path}`")).collect();
    let parties: Vec<&str> = lost.parties.keys().copied().collect();
    let verb = if matches!(remedy, Remedy::Mount(_)) { "reach" } else { "write" };
    let message = format!("{who} cannot {verb} {} at {}", paths.join(" and "), parties.join(", "));
    let mut finding = Finding::error(CODE, message);
    for (span, _) in &lost.paths {
        finding = finding.label(*span, "given to what runs there");
    }
    if let Some(mount) = lost.read_only {
        finding = finding.label(mount.path.span, "mounted to be read only");
    }
    for (span, why) in lost.parties.values() {
        finding = finding.label(*span, *why);
    }
    match remedy {
        Remedy::Mount(folder) => {
            let access = if lost.writes { " access=\"write\"" } else { "" };
            let mount = format!("mount {folder:?}{access}");
            let help = format!(
                "write `{mount}` beside `{node}`; where the data lies elsewhere on one machine, that party mounts it with `as={folder:?}`"
            );
            let place = lost.paths[0].0;
            let fix = context.insert_before(format!("write `{mount}`"), place, node, &mount);
            finding.help(help).fixes(fix)
        }
        Remedy::Elsewhere => finding.help(
            "write an absolute path in a folder that is mounted to be written: `mount \"/data\" access=\"write\"`",
        ),
        Remedy::Write(_) => {
            let label = "write `access=\"write\"`";
            let access = lost.read_only.map(|mount| &mount.access);
            let fix = access.and_then(|access| context.write(label, access, &Access::Write));
            finding.help("write `access=\"write\"` in the `mount`").fixes(fix)
        }
    }
}
