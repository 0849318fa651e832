//! `job "psi" script=... slots=... { parties ...; args ... }` and `job "total" kind="sum" { input ... }`.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::{
    diag::{Code, Finding, Spanned},
    syntax::Cursor,
    types::{JobName, Partial, PartyName, PathText},
};

use super::{Mount, device::read_parties, placeholder::Text};

/// A script and a kind at once, or arguments without a script.
const MIXED_KIND: Code = Code("SF0013");

/// Something that the parties run together.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name.
    pub name: Spanned<JobName>,
    /// Its parties.
    pub parties: Partial<Vec<Spanned<PartyName>>>,
    /// How many runs of it may be under way at once.
    pub slots: Spanned<u16>,
    /// What it runs.
    pub kind: JobKind,
    /// Data that it works with at each of its parties.
    pub mounts: Partial<Vec<Mount>>,
}

/// What a job runs.
#[derive(Clone, Debug)]
pub enum JobKind {
    /// A Python script.
    Script {
        /// Relative to the folder of the root file.
        path: Spanned<Utf8PathBuf>,
        /// Its arguments.
        args: Vec<Spanned<Text>>,
    },
    /// The embedded runtime's sum.
    Sum {
        /// Each party's number.
        inputs: Partial<Vec<(Spanned<PartyName>, Spanned<i64>)>>,
    },
    /// Ports only: another program starts it.
    External,
}

impl Job {
    pub(super) fn read(name: &Spanned<JobName>, cursor: &mut Cursor<'_>) -> Option<Self> {
        let parties = read_parties(cursor);
        let slots = cursor.prop_or_default("slots");
        let kind = Self::read_kind(cursor);
        let mounts = Mount::all(cursor);
        Some(Self { name: name.clone(), parties: parties?, slots, kind: kind?, mounts })
    }

    /// What the job runs; `None` where it is of no known kind, of which nothing more can be said.
    fn read_kind(cursor: &mut Cursor<'_>) -> Option<JobKind> {
        let node = cursor.node;
        let kind = cursor.prop::<String>("kind");
        let script = cursor.prop::<PathText>("script");
        let script = script.map(|script| script.map(|PathText(path)| path));
        if script.is_none() && node.prop("script").is_some() {
            return None;
        }
        let args = node.child("args").map(|child| cursor.at(child).args()).unwrap_or_default();
        let inputs = node.children_named("input").filter_map(|child| {
            let mut cursor = cursor.at(child);
            let (party, number) = (cursor.arg(0), cursor.arg(1));
            Some((party?, number?))
        });
        let inputs: Vec<_> = inputs.collect();
        let is_whole = inputs.len() == node.children_named("input").count();
        let inputs = Partial::new(inputs, is_whole);
        if kind.is_none() && node.prop("kind").is_some() {
            return None;
        }
        let surplus = match (&kind, &script) {
            (Some(_), Some(script)) => Some((script.span, "a job is a script or a sum, not both")),
            (Some(_), None) => {
                node.child("args").map(|args| (args.span(), "a sum takes no arguments"))
            }
            (None, _) => node.child("input").map(|input| (input.span(), "only a sum takes inputs")),
        };
        if let Some((span, message)) = surplus {
            let finding = Finding::error(MIXED_KIND, message)
                .label(span, "this does not go with the rest of the job")
                .help("drop it, or write `kind=\"sum\"` without a script");
            cursor.findings.push(finding);
        }
        Some(match (kind, script) {
            (Some(_), _) => JobKind::Sum { inputs },
            (None, Some(path)) => JobKind::Script { path, args },
            (None, None) => JobKind::External,
        })
    }
}

/// How many job runs each party can have at once: the slots of its jobs, at least one.
pub(super) fn slots<'a>(
    jobs: &'a BTreeMap<JobName, Job>,
    parties: impl Iterator<Item = &'a PartyName>,
) -> BTreeMap<&'a PartyName, u16> {
    let mut slots: BTreeMap<&PartyName, u16> = BTreeMap::new();
    for job in jobs.values() {
        for party in &job.parties {
            let known = slots.entry(&party.value).or_default();
            *known = known.saturating_add(job.slots.value);
        }
    }
    for party in parties {
        let known = slots.entry(party).or_default();
        *known = (*known).max(1);
    }
    slots
}
