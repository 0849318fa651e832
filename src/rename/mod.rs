//! Another name for a party, a host or a service's port: the edits of topology and lock that move no number.
//!
//! Topology, lock and two names enter; the texts of the files to replace leave, or the findings why there are none.
//! What is renamed is what the table of the language calls a name: paths, comments, scripts and certificates stay.

mod edit;
mod pages;
mod target;

use crate::{
    diag::{Code, Finding, SourceSpan},
    lockfile::{Key, Lock, SpuKey},
    syntax::{Loaded, Mention, mentions, nearest},
    types::Role,
};

pub use edit::EditedFile;
use edit::Renamed;
pub use pages::PAGES;
pub use target::Pair;
use target::Target;

/// There is nothing of that name.
const UNKNOWN: Code = Code("SF0608");
/// The new name belongs to something else.
const TAKEN: Code = Code("SF0609");

/// A rename that can be carried out.
#[derive(Debug)]
pub struct Renaming {
    /// The files of the topology that change.
    pub files: Vec<EditedFile>,
    /// The lock as it is to be, if it changes.
    pub lock: Option<Lock>,
    /// The allotments that it gives to the new name, as they are called then.
    pub renamed: Vec<Key>,
}

/// What a rename is made of.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The topology.
    pub loaded: &'a Loaded,
    /// Its lock, with the file that it was read from.
    pub lock: Option<&'a Lock>,
    /// The old and the new name, as they were given.
    pub pair: &'a Pair,
}

/// Works out a rename; findings instead where anything is wrong.
pub fn rename(input: Input<'_>) -> Result<Renaming, Vec<Finding>> {
    let places = mentions(input.loaded);
    let (old, new) = input.pair.targets().map_err(|finding| vec![finding])?;
    let declared = old.declaration(&places);
    let taken = new.declaration(&places).or_else(|| declared.and(new.elsewhere(&places)));
    let keys: Vec<&Key> = input.lock.iter().flat_map(|lock| lock.ports.keys()).collect();
    let in_lock = keys.iter().any(|key| old.is_of(key));
    let occurrences: Vec<Renamed<'_>> =
        places.iter().filter_map(|place| old.edit(&new, place, &places)).collect();
    match (declared, taken) {
        (Some(_), Some(place)) => return Err(vec![already_declared(input.pair, &new, place)]),
        (None, None) => return Err(vec![unknown(input.pair, &old, &new, in_lock, &places, &keys)]),
        // A machine of that name at another party alone is not the one that is meant.
        (None, Some(_))
            if old.elsewhere(&places).is_some() || (!in_lock && occurrences.is_empty()) =>
        {
            return Err(vec![unknown(input.pair, &old, &new, in_lock, &places, &keys)]);
        }
        _ => {}
    }
    if let Some(lock) = input.lock
        && let Some((key, lines)) = lock.ports.iter().find(|(key, _)| new.owns(key))
    {
        let span = lines.first().and_then(|line| line.span);
        return Err(vec![already_allotted(input.pair, &new, key, span, declared.is_none())]);
    }
    if let Some(finding) = old.shared_text(&places) {
        return Err(vec![finding]);
    }
    let files = edit::apply(input.loaded, occurrences).map_err(|finding| vec![finding])?;
    let (lock, renamed) = rename_lock(input.lock, &old, &new);
    Ok(Renaming { files, lock, renamed })
}

/// The lock with the allotments of the old name under the new one; `None` where there are none.
fn rename_lock(lock: Option<&Lock>, old: &Target, new: &Target) -> (Option<Lock>, Vec<Key>) {
    let (mut made, mut renamed) = (Lock::default(), Vec::new());
    for (key, entry) in lock.iter().flat_map(|lock| &lock.ports) {
        let mut key = key.clone();
        if old.owns(&key) {
            key = new.take(key);
            renamed.push(key.clone());
        }
        made.ports.insert(key, entry.clone());
    }
    for (key, lines) in lock.iter().flat_map(|lock| &lock.spus) {
        // The numbers of its SPUs are part of a host's `spu`.
        let SpuKey { party, host, spu } = key.clone();
        let mut whole = Key { party, host, role: Role::Spu };
        if old.owns(&whole) {
            whole = new.take(whole);
        }
        let Key { party, host, .. } = whole;
        made.spus.insert(SpuKey { party, host, spu }, lines.clone());
    }
    (Some(made).filter(|_| !renamed.is_empty()), renamed)
}

fn already_declared(pair: &Pair, new: &Target, place: &Mention) -> Finding {
    Finding::error(TAKEN, format!("there is {} already", new.described()))
        .label(pair.new_span, "this name is taken")
        .label(place.span, "declared here")
        .help("choose another name; two that are to become one are made one by hand")
}

fn already_allotted(
    pair: &Pair,
    new: &Target,
    key: &Key,
    span: Option<SourceSpan>,
    is_renamed: bool,
) -> Finding {
    let help = if is_renamed {
        "it was planned under the new name already: restore the lock from git, and rename before you plan"
    } else {
        "choose another name, or let `sfgen plan --prune` forget the ports of who is gone"
    };
    let finding =
        Finding::error(TAKEN, format!("the lock has ports of {} already", new.described()))
            .label(pair.new_span, "this name is taken")
            .help(help);
    match span {
        Some(span) => finding.label(span, format!("the ports of {key}")),
        None => finding,
    }
}

fn unknown(
    pair: &Pair,
    old: &Target,
    new: &Target,
    in_lock: bool,
    places: &[Mention],
    keys: &[&Key],
) -> Finding {
    // Ports without anybody in the topology: either name may be misspelt.
    let (target, span) = if in_lock { (new, pair.new_span) } else { (old, pair.old_span) };
    let known = target.siblings(places, if in_lock { &[] } else { keys });
    let near = nearest(target.name(), known.iter().map(String::as_str));
    let finding = Finding::error(UNKNOWN, format!("there is no {}", target.described()))
        .label(span, "unknown");
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    finding.help(match near {
        Some(near) => format!("did you mean `{}`?", target.with_name(near)),
        None if in_lock => format!(
            "the lock alone knows {}: rename in the topology first, or let `sfgen plan --prune` forget it",
            old.described()
        ),
        None if known.is_empty() => "read `sfgen.lock` for the names that there are".to_owned(),
        None => format!("known here: {list}"),
    })
}
