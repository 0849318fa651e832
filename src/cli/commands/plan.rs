//! `sfgen plan`: check, allot, write.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::TextDiff;

use clap::Args;

use crate::{
    cli::{
        args::{Format, ModeChoice},
        disk::{DiskWorkspace, LOCK, tree_or_default},
        status::{Failure, Status},
        topology::locate,
        ui::Ui,
    },
    compile::{Compilation, Output, compile},
    diag::{Finding, Report, Severity},
    fs::{self, Content},
    lockfile::{Allocation, Key, Move},
    output::{Comparison, FileChange, FileChangeKind, TreePorts, compare, write},
    plan::Effect,
    render::ArtifactTree,
    tree::Tree,
    types::{Digest, PartyName, PortRanges},
};

use super::{
    compiling::{compile_path, is_fatal, take_lock},
    lost_lock::IfLost,
};

/// What is written before the name of a topology.
const COMMAND: &str = "sfgen plan";

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct PlanArgs {
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Write nothing; status 3 where tree or lock is stale
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show the changes line by line
    #[arg(long)]
    pub(crate) diff: bool,
    /// Fail instead of changing the lock
    #[arg(long)]
    pub(crate) locked: bool,
    /// Forget the ports of what was removed
    #[arg(long)]
    pub(crate) prune: bool,
    /// Where the lock is lost, take the ports from the tree
    #[arg(long, conflicts_with = "locked")]
    pub(crate) lock_from_tree: bool,
    /// Give up edits made by hand in the tree
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The folder of the tree, `generated` beside the topology unless given
    #[arg(long)]
    pub(crate) out: Option<Utf8PathBuf>,
    /// Compile for this mode, whatever the topology says
    #[arg(long, value_enum)]
    pub(crate) mode: Option<ModeChoice>,
    /// Treat warnings as errors
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    pub(crate) deny: Option<String>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// What `plan --format json` prints.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanReport {
    /// What is wrong.
    pub report: Report,
    /// The plan digest that all parties compare; absent where a finding is an error.
    pub plan: Option<Digest>,
    /// Whether tree and lock were already what the topology says.
    pub current: bool,
    /// Changes of the lock, in words.
    pub ports: Vec<String>,
    /// Changes of the tree.
    pub files: Vec<FileReport>,
}

/// A changed file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileReport {
    /// Its path in the tree.
    pub path: String,
    /// The party whose file it is; absent for shared ones.
    pub party: Option<String>,
    /// What happens to it.
    pub change: ChangeWord,
    /// What the change means for the machines it is for.
    pub effect: Effect,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeWord {
    /// It is new.
    Added,
    /// Its content or mode changes.
    Changed,
    /// It is no longer planned.
    Removed,
}

/// Runs the command.
pub(in crate::cli) fn run(args: &PlanArgs, ui: &Ui) -> Result<Status, Failure> {
    ui.is_about(args.topology.as_ref());
    let named = args.topology.as_ref();
    let (workspace, _) = match locate(named, COMMAND) {
        Ok(found) => found,
        Err(finding) => {
            report(ui, &Compilation::failed(*finding), None)?;
            return Ok(Status::Findings);
        }
    };
    let writes = !args.check && !args.dry_run;
    let lock = if writes { Some(take_lock(&workspace)?) } else { None };
    let if_lost = IfLost { out: args.out.as_ref(), takes_tree: args.lock_from_tree };
    let (workspace, mut compilation) = compile_path(COMMAND, named, args.mode, if_lost, compile)?;
    let fatal = is_fatal(&compilation, args.deny.is_some());
    let output = compilation.output.take().filter(|_| !fatal);
    let Some(Output { allocation, federation, digest, tree }) = output else {
        report(ui, &compilation, None)?;
        return Ok(Status::Findings);
    };
    let parties = federation.parties.into_keys().collect();
    let out = tree_or_default(args.out.as_ref(), &workspace);
    let plan = Plan::new((&tree, digest), allocation, parties, &workspace, out, args.prune)?;
    let is_blocked = plan.obstacles(args.overwrite).next().is_some();
    report(ui, &compilation, Some((&plan, args)))?;
    if is_blocked {
        return Ok(plan.explain_obstacles(ui, args.overwrite));
    }
    let stale = !plan.is_current() || !plan.comparison.unlisted.is_empty();
    if args.locked && plan.lock_changes() {
        ui.note("the lock would change, and `--locked` forbids it");
        return Ok(Status::Drift);
    }
    if writes {
        plan.write()?;
        drop(lock);
        if ui.format == Format::Text && !plan.is_current() {
            let Plan { out, lock, digest, .. } = &plan;
            ui.result(format!("plan {}: {out} and {lock}", digest.short()));
        }
    }
    Ok(if args.check && stale { Status::Drift } else { Status::Done })
}

/// What would be written.
struct Plan<'a> {
    digest: Digest,
    parties: BTreeSet<PartyName>,
    out: Utf8PathBuf,
    comparison: Comparison<'a>,
    /// What happens to ports, in words.
    port_changes: Vec<String>,
    lock: Utf8PathBuf,
    lock_text: String,
    lock_on_disk: Option<Vec<u8>>,
}

impl<'a> Plan<'a> {
    /// Gives up `allocation`: of a large topology, it takes memory that is needed for the write.
    fn new(
        (tree, digest): (&'a ArtifactTree, Digest),
        allocation: Allocation,
        parties: BTreeSet<PartyName>,
        workspace: &DiskWorkspace,
        out: Utf8PathBuf,
        prune: bool,
    ) -> Result<Self, Failure> {
        let lock = workspace.named().join(LOCK);
        let lock_on_disk = fs::read_if_exists(&lock)?;
        let comparison = compare(tree, digest, &out)?;
        let lock_text = if prune { allocation.pruned_lock_text() } else { allocation.lock_text() };
        let tree_ports = TreePorts::about_to_change(&comparison, &out)?;
        let port_changes = port_changes(allocation, &tree_ports);
        Ok(Self { digest, parties, out, comparison, port_changes, lock, lock_text, lock_on_disk })
    }

    fn lock_changes(&self) -> bool {
        self.lock_on_disk.as_deref() != Some(self.lock_text.as_bytes())
    }

    fn is_current(&self) -> bool {
        self.comparison.is_current() && !self.lock_changes()
    }

    fn obstacles(&self, overwrite: bool) -> impl Iterator<Item = &crate::output::Obstacle> {
        self.comparison.obstacles.iter().filter(move |obstacle| !(overwrite && obstacle.is_drift))
    }

    /// The finding for files in the tree that belong to no plan. They are in the way of launchers, which `check` looks
    /// ahead to, and not of a write.
    fn unlisted(&self, check: bool) -> Option<Finding> {
        let severity = if check { Severity::Error } else { Severity::Warning };
        self.comparison.unlisted_finding(&self.out).map(|finding| Finding { severity, ..finding })
    }

    /// Says why nothing is written: status 3 where files were edited, 1 where something else is in the way.
    fn explain_obstacles(&self, ui: &Ui, overwrite: bool) -> Status {
        let found: Vec<_> =
            self.obstacles(overwrite).map(|obstacle| obstacle.finding.clone()).collect();
        ui.findings(&found, &crate::diag::Sources::default());
        let only_drift = self.obstacles(overwrite).all(|obstacle| obstacle.is_drift);
        if only_drift { Status::Drift } else { Status::Findings }
    }

    /// The lock first: numbers that a tree already names must never be allotted twice.
    fn write(&self) -> Result<(), Failure> {
        if self.lock_changes() {
            fs::write_alone(&self.lock, self.lock_text.as_bytes(), 0o644)?;
            fs::sync_folder(self.lock.parent().unwrap_or(Utf8Path::new("")))?;
        } else {
            fs::clear_staged(&self.lock)?;
        }
        Ok(write(&self.comparison, &self.out)?)
    }
}

fn report(
    ui: &Ui,
    compilation: &Compilation,
    plan: Option<(&Plan<'_>, &PlanArgs)>,
) -> Result<(), Failure> {
    let mut findings = compilation.findings.clone();
    findings.extend(plan.and_then(|(plan, args)| plan.unlisted(args.check)));
    ui.findings(&findings, &compilation.sources);
    if ui.format == Format::Json {
        let plan = plan.map(|(plan, _)| plan);
        ui.json(&PlanReport {
            report: Report::new(&findings, &compilation.sources),
            plan: plan.map(|plan| plan.digest),
            current: plan.is_some_and(Plan::is_current),
            ports: plan.map(|plan| plan.port_changes.clone()).unwrap_or_default(),
            files: plan
                .map(|plan| changes(plan).map(FileReport::from).collect())
                .unwrap_or_default(),
        });
    } else if let Some((plan, args)) = plan {
        report_as_text(ui, plan, args)?;
    }
    Ok(())
}

fn report_as_text(ui: &Ui, plan: &Plan<'_>, args: &PlanArgs) -> Result<(), Failure> {
    for line in &plan.port_changes {
        ui.result(line);
    }
    // Party by party: a tree may have many thousands of lines, which would be slow one by one, and large all at once.
    let mut part = String::new();
    let mut party = None;
    for Changed { party: whose, change } in changes(plan) {
        if party != Some(whose) {
            print_part(ui, &mut part);
            part += whose.unwrap_or("for all parties");
            part += ":\n";
            party = Some(whose);
        }
        let sign = match change.kind {
            FileChangeKind::Added => '+',
            FileChangeKind::Changed => '~',
            FileChangeKind::Removed => '-',
        };
        writeln!(part, "  {sign} {:<44} {}", change.path, change.effect.words())
            .expect("a String takes all text");
    }
    print_part(ui, &mut part);
    if args.diff {
        let folder = Tree::open(&plan.out)?;
        for change in &plan.comparison.changes {
            ui.result(unified_diff(change, folder.as_ref(), &plan.out)?);
        }
    }
    let digest = plan.digest.short();
    if plan.is_current() {
        ui.result(format!("nothing changed; plan {digest}"));
    } else if args.check || args.dry_run {
        ui.result(format!("not written; plan would be {digest}"));
    }
    Ok(())
}

/// Prints the lines that came together, and begins anew.
fn print_part(ui: &Ui, part: &mut String) {
    if !part.is_empty() {
        ui.result(part.trim_end_matches('\n'));
        part.clear();
    }
}

/// A changed file, and the party whose file it is.
struct Changed<'a> {
    party: Option<&'a str>,
    change: &'a FileChange<'a>,
}

impl From<Changed<'_>> for FileReport {
    fn from(Changed { party, change }: Changed<'_>) -> Self {
        Self {
            path: change.path.to_string(),
            party: party.map(str::to_owned),
            change: match change.kind {
                FileChangeKind::Added => ChangeWord::Added,
                FileChangeKind::Changed => ChangeWord::Changed,
                FileChangeKind::Removed => ChangeWord::Removed,
            },
            effect: change.effect,
        }
    }
}

/// The changed files, those that all parties share first, then party by party.
fn changes<'a>(plan: &'a Plan<'_>) -> impl Iterator<Item = Changed<'a>> {
    let is_party =
        |name: &str| name.parse::<PartyName>().is_ok_and(|name| plan.parties.contains(&name));
    let changes = plan.comparison.changes.iter().map(|change| {
        let folder = change.path.as_str().split_once('/').map(|(folder, _)| folder);
        let party = folder.filter(|name| {
            *name != "ca" && (change.kind == FileChangeKind::Removed || is_party(name))
        });
        Changed { party, change }
    });
    let mut changes: Vec<_> = changes.collect();
    changes.sort_by(|a, b| {
        (a.party, &a.change.path.as_str()).cmp(&(b.party, &b.change.path.as_str()))
    });
    changes.into_iter()
}

/// What happens to ports, in words; what the tree on disk says counts where the lock has forgotten it. Ports that are
/// new are left out: PORTS.md is the better list of them.
fn port_changes(allocation: Allocation, tree: &BTreeMap<Key, PortRanges>) -> Vec<String> {
    let Allocation { ports, kept, unused, moved, .. } = allocation;
    let unused = unused.iter().map(|(key, range)| {
        format!("ports: {key} keeps {range} reserved, though unused (`--prune` frees it)")
    });
    let changed = ports.iter().filter_map(|(key, to)| {
        let from = tree.get(key).filter(|from| *from != to && !moved.contains_key(key))?;
        let left = from.without(to);
        Some(match left {
            None => format!("ports: {key} grows from {from} to {to}"),
            Some(left) if kept.get(key).is_some_and(|kept| kept.cover(&left)) => {
                format!("ports: {key} shrinks from {from} to {to} and keeps {left} for growth")
            }
            Some(_) => {
                format!("ports: {key} moves from {from}, which the lock has forgotten, to {to}")
            }
        })
    });
    let moved = moved
        .iter()
        .map(|(key, Move { from, to })| format!("ports: {key} moves from {from} to {to}"));
    unused.chain(moved).chain(changed).collect()
}

fn unified_diff(
    change: &FileChange<'_>,
    folder: Option<&Tree>,
    out: &Utf8Path,
) -> Result<String, fs::FsError> {
    let path = out.join(&change.path);
    let old = folder.map(|folder| folder.content(&change.path)).transpose()?;
    let old = if let Some(Content::File { bytes, .. }) = old { bytes } else { Vec::new() };
    let (old, new) =
        (String::from_utf8_lossy(&old), String::from_utf8_lossy(change.new.unwrap_or_default()));
    let diff = TextDiff::from_lines(&old, &new);
    let (before, after) = (format!("a/{path}"), format!("b/{path}"));
    Ok(diff.unified_diff().header(&before, &after).to_string())
}
