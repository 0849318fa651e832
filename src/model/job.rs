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
        inputs: Partial<Vec<(Spanned<PartyName>, Spanned<Input>)>>,
    },
    /// Ports only: another program starts it.
    External,
    /// What could not be read. It was reported, so a topology with it is looked at and never planned.
    Unread,
}

/// A party's number in a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Written in the topology, where all parties read it.
    Number(i64),
    /// In a file on the party's machine, relative to the folder of the root file unless absolute.
    File(Utf8PathBuf),
}

impl Input {
    /// Reads what follows the party of an `input` node.
    fn read(cursor: &mut Cursor<'_>) -> Option<Spanned<Self>> {
        let node = cursor.node;
        let number = cursor.arg::<i64>(1);
        let file = cursor.prop::<PathText>("file");
        if let (Some(number), Some(written)) = (node.args.get(1), node.prop("file")) {
            let finding = Finding::error(MIXED_KIND, "an input is a number or a file, not both")
                .label(number.span, "a number")
                .label(written.value.span, "and a file")
                .help("drop the number: in the topology all parties can read it");
            cursor.findings.push(finding);
            return None;
        }
        if node.args.len() < 2 && node.prop("file").is_none() {
            cursor.missing(
                "`file`",
                "name a file that holds the number on the party's machine, `file=\"keys/alice/number\"`, or write the number",
            );
        }
        number
            .map(|number| number.map(Self::Number))
            .or_else(|| file.map(|file| file.map(|PathText(path)| Self::File(path))))
    }
}

impl Job {
    pub(super) fn read(name: &Spanned<JobName>, cursor: &mut Cursor<'_>) -> Self {
        let parties = read_parties(cursor);
        let slots = cursor.prop_or_default("slots");
        let kind = Self::read_kind(cursor);
        let mounts = Mount::all(cursor);
        Self { name: name.clone(), parties, slots, kind, mounts }
    }

    fn read_kind(cursor: &mut Cursor<'_>) -> JobKind {
        let node = cursor.node;
        let kind = cursor.prop::<String>("kind");
        let script = cursor.prop::<PathText>("script");
        let script = script.map(|script| script.map(|PathText(path)| path));
        if script.is_none() && node.prop("script").is_some() {
            return JobKind::Unread;
        }
        let args = node.child("args").map(|child| cursor.at(child).args()).unwrap_or_default();
        let inputs = node.children_named("input").filter_map(|child| {
            let mut cursor = cursor.at(child);
            let (party, input) = (cursor.arg(0), Input::read(&mut cursor));
            Some((party?, input?))
        });
        let inputs: Vec<_> = inputs.collect();
        let is_whole = node.is_whole && inputs.len() == node.children_named("input").count();
        let inputs = Partial::new(inputs, is_whole);
        if kind.is_none() && (node.prop("kind").is_some() || !node.is_whole) {
            return JobKind::Unread;
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
        match (kind, script) {
            (Some(_), _) => JobKind::Sum { inputs },
            (None, Some(path)) => JobKind::Script { path, args },
            (None, None) => JobKind::External,
        }
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
