//! The driver: one function runs the phases.

mod beside;
mod lists;
mod release;
mod templates;

use std::collections::BTreeMap;

use camino::Utf8Path;
use time::OffsetDateTime;

use crate::{
    check::{self, Certificates, Context, PartyCertificates, ReadCertificate, Unreadable},
    diag::{Finding, Findings, Page, Sources, page},
    lockfile::{Allocation, Lock, allocate},
    model::{JobKind, Topology},
    pki::Certificate,
    plan::{self, Federation, Fingerprints, Plans},
    render::{self, ArtifactTree, RenderError},
    syntax::{self, MAX_FILE, Workspace},
    types::{Digest, JobName, Mode, Partial, PartyName},
};

pub use templates::FOLDER as TEMPLATES;

/// The pages of the findings that the driver makes itself.
pub const PAGES: &[Page] = &[
    page!("compile", "SF0706"),
    page!("compile", "SF0790"),
    page!("compile", "SF0791"),
    page!("compile", "SF0960"),
    page!("compile", "SF0961"),
];

/// What to compile.
pub struct Input<'a> {
    /// The folder of the topology, which holds certificates and lock too.
    pub workspace: &'a dyn Workspace,
    /// The root file in it.
    pub root: &'a Utf8Path,
    /// The lock file in it.
    pub lock: &'a Utf8Path,
    /// Another mode than the topology names.
    pub mode: Option<Mode>,
    /// When the check is made. It reaches no artifact.
    pub now: OffsetDateTime,
}

/// The result of compiling a topology.
pub struct Compilation {
    /// The files that were read.
    pub sources: Sources,
    /// What is wrong, in order of place.
    pub findings: Vec<Finding>,
    /// Ports, lock, plan and tree; `None` where a finding is an error, and where findings alone were asked for.
    pub output: Option<Output>,
}

impl Compilation {
    /// What is wrong before any file could be read.
    #[must_use]
    pub fn failed(finding: Finding) -> Self {
        Self { sources: Sources::default(), findings: vec![finding], output: None }
    }
}

/// What a topology without errors compiles to.
pub struct Output {
    /// The ports and the lock to write.
    pub allocation: Allocation,
    /// What all parties share of the plan.
    pub federation: Federation,
    /// The plan digest: SHA-256 of `federation.json`.
    pub digest: Digest,
    /// The tree to write, with the plan of each party in it.
    pub tree: ArtifactTree,
}

/// Compiles a topology. Nothing is written, and everything that can be said is said at once.
#[must_use]
pub fn compile(input: &Input<'_>) -> Compilation {
    run(input, Goal::Tree)
}

/// Like [`compile`], but as a simulation on one machine, whatever mode, machines and targets the topology names.
#[must_use]
pub fn compile_on_one_machine(input: &Input<'_>) -> Compilation {
    run(input, Goal::OneMachine)
}

/// Like [`compile`], but for the findings alone: no tree is held in memory.
#[must_use]
pub fn find(input: &Input<'_>) -> Compilation {
    run(input, Goal::Findings)
}

/// What a topology is compiled for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Findings,
    Tree,
    OneMachine,
}

fn run(input: &Input<'_>, goal: Goal) -> Compilation {
    let mut findings = Findings::default();
    let mut loaded = syntax::load(input.workspace, input.root, &mut findings);
    let lock = read_lock(input, &mut loaded.sources, &mut findings);
    let mut output = None;
    if let Some(mut topology) = Topology::read(&loaded, &mut findings) {
        topology.mode = input.mode.unwrap_or(topology.mode);
        if goal == Goal::OneMachine {
            topology.put_on_one_machine();
        }
        let certificates = read_certificates(input.workspace, &topology);
        let known = release::find(input.workspace, &topology, &mut loaded.sources, &mut findings);
        let lists = lists::read(input.workspace, &topology, &mut loaded.sources, &mut findings);
        check::check(
            Context {
                topology: &topology,
                nodes: &loaded.nodes,
                sources: &loaded.sources,
                certificates: &certificates,
                release: known
                    .release
                    .as_deref()
                    .or_else(|| release::meant(&topology).filter(|_| !known.is_own)),
                has_own_release: known.is_own,
                package_lists: &lists,
                unusable_scripts: &unusable_scripts(input.workspace, &topology),
                now: input.now,
            },
            &mut findings,
        );
        // Ports are allotted even where a check failed, so that a pool that is too small is said in the same run.
        let allocation = lock.map(|lock| allocate(&topology, &lock, &mut findings));
        check::apply_allows(&loaded, loaded.nodes.is_whole(), &mut findings);
        // A large topology's tree is about as large as its nodes, which are not needed any more.
        loaded.nodes = Partial::new(Vec::new(), false);
        let own = templates::read(input.workspace, &mut loaded.sources, &mut findings);
        // sfgen's own templates carry whatever passes the checks; whether a user's can carry it, only filling them in shows.
        let is_rendered = goal != Goal::Findings || !own.texts.is_empty();
        if let Some(allocation) = allocation.filter(|_| is_rendered && !findings.has_errors()) {
            // The same goes for the certificates, and for what the plans are made from.
            let fingerprints = fingerprints(&certificates);
            let pems = ca_pems(certificates);
            let plans = plan::build(
                &topology,
                known.release.as_deref(),
                &lists,
                &allocation,
                &fingerprints,
            );
            drop(topology);
            let Plans { federation, parties, requirements, digest } = plans;
            let rendered = render::Input {
                federation: &federation,
                parties,
                ca_pems: &pems,
                requirements: &requirements,
                templates: &own.texts,
            };
            let tree = render_tree(rendered, goal).unwrap_or_else(|why| {
                findings.push(templates::not_rendered(&why, &own));
                None
            });
            output = tree.map(|tree| Output { allocation, federation, digest, tree });
        }
    } else {
        check::apply_allows(&loaded, false, &mut findings);
    }
    let mut findings = findings.into_sorted();
    syntax::spell_helps(&mut findings, &loaded.sources);
    Compilation { sources: loaded.sources, findings, output }
}

/// The lock, an empty one where there is no file, `None` where the file cannot be trusted.
fn read_lock(input: &Input<'_>, sources: &mut Sources, findings: &mut Findings) -> Option<Lock> {
    let read = match input.workspace.read(input.lock) {
        Ok(None) => return Some(Lock::default()),
        Ok(Some(bytes)) if bytes.len() > MAX_FILE => {
            Err(format!("the file is larger than {} MiB", MAX_FILE >> 20))
        }
        Ok(Some(bytes)) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(why) => Err(why),
    };
    match read {
        Ok(text) => {
            let file = sources.add(input.workspace.display(input.lock), text.as_str());
            Lock::parse(file, &text, findings)
        }
        Err(why) => {
            findings.push(Lock::unreadable(&why));
            None
        }
    }
}

fn read_certificates(workspace: &dyn Workspace, topology: &Topology) -> Certificates {
    if topology.mode == Mode::Simulation {
        return Certificates::new();
    }
    let with_identity = topology.parties.iter().filter_map(|(name, party)| {
        let identity = party.identity.as_ref()?;
        let ca = read_certificate(workspace, &identity.ca.value);
        let leaf = read_certificate(workspace, &identity.cert.value);
        Some((name.clone(), PartyCertificates::new(ca, leaf)))
    });
    with_identity.collect()
}

/// Why the script of a job cannot be run, for each job of which that is so.
fn unusable_scripts(workspace: &dyn Workspace, topology: &Topology) -> BTreeMap<JobName, String> {
    let scripts = topology.jobs.iter().filter_map(|(name, job)| {
        let JobKind::Script { path, .. } = &job.kind else { return None };
        let why = match beside::read(workspace, &path.value) {
            Ok(Some(_)) => return None,
            Ok(None) => "there is no such file".to_owned(),
            Err(why) => why,
        };
        Some((name.clone(), why))
    });
    scripts.collect()
}

fn read_certificate(workspace: &dyn Workspace, path: &Utf8Path) -> ReadCertificate {
    match beside::read(workspace, path) {
        Ok(None) => ReadCertificate::Absent,
        Err(why) => ReadCertificate::Broken(Unreadable::File(why)),
        Ok(Some(bytes)) => match (Certificate::from_pem(&bytes), String::from_utf8(bytes)) {
            (Ok(certificate), Ok(pem)) => {
                ReadCertificate::Read { certificate: Box::new(certificate), pem }
            }
            (Err(why), _) => ReadCertificate::Broken(why.into()),
            (_, Err(_)) => {
                ReadCertificate::Broken(Unreadable::File("the file is not text".to_owned()))
            }
        },
    }
}

fn fingerprints(certificates: &Certificates) -> BTreeMap<PartyName, Fingerprints> {
    let complete = certificates.iter().filter_map(|(party, both)| {
        let (ca, leaf) = (both.ca.get()?, both.leaf.get()?);
        let not_after = Some(leaf.not_after().date().to_string());
        let (ca, leaf) = (ca.fingerprint(), leaf.fingerprint());
        Some((party.clone(), Fingerprints { ca, leaf, not_after }))
    });
    complete.collect()
}

/// The tree, if it is wanted.
fn render_tree(input: render::Input<'_>, goal: Goal) -> Result<Option<ArtifactTree>, RenderError> {
    match goal {
        Goal::Tree | Goal::OneMachine => render::render(input).map(Some),
        Goal::Findings => render::verify(input).map(|()| None),
    }
}

/// The CA certificates as committed; nothing else is needed of them any more.
fn ca_pems(certificates: Certificates) -> BTreeMap<PartyName, String> {
    let read = certificates.into_iter().filter_map(|(party, both)| match both.ca {
        ReadCertificate::Read { pem, .. } => Some((party, pem)),
        _ => None,
    });
    read.collect()
}
