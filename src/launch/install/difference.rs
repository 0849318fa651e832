//! What differs between what is planned and what is installed, and what follows from that.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::{
    error::Edited,
    record::{Entry, Record, is_same},
};
use crate::{
    plan::{Action, Stage, Step},
    types::Digest,
};

/// How what a step makes is found on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing is there.
    Absent,
    /// It is as planned.
    AsPlanned,
    /// Something else is there: a file with this content, or with another owner or mode.
    Other {
        /// The digest of a file whose content is another one.
        digest: Option<Digest>,
    },
    /// The machine does not tell; the record does.
    Untold,
}

/// A planned step, and how what it makes was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The step.
    pub step: Step,
    /// How what it makes was found.
    pub seen: Seen,
    /// The digest of what it is done with.
    pub digest: Digest,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A step is done.
    Do {
        /// The step.
        step: Step,
        /// The digest of what it is done with.
        digest: Digest,
        /// Whether what it makes is not there yet.
        is_new: bool,
    },
    /// A step of an earlier plan is taken back.
    TakeBack {
        /// What was done.
        action: Action,
    },
}

/// All that an installation would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The changes, in order.
    pub changes: Vec<Change>,
    /// Files that would be overwritten or removed with what somebody else wrote into them.
    pub edited: Vec<Edited>,
    /// What is started anew, as the target calls it.
    pub restart: BTreeSet<String>,
    /// What is started, since it is down.
    pub start: BTreeSet<String>,
    /// What is removed, since it is planned no more.
    pub remove: BTreeSet<String>,
}

impl Difference {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.is_brought_up()
    }

    /// Whether anything is started or removed.
    #[must_use]
    pub fn is_brought_up(&self) -> bool {
        [&self.restart, &self.start, &self.remove].into_iter().any(|names| !names.is_empty())
    }
}

/// Compares the planned steps with the machine and with the record of earlier ones. `found` is the digest of each
/// recorded file that is planned no more, as it is now.
#[must_use]
pub fn difference(
    planned: &[Planned],
    record: &Record,
    found: impl Fn(&Utf8PathBuf) -> Option<Digest>,
) -> Difference {
    let mut told = Difference::default();
    let is_planned = |entry: &&Entry| {
        planned.iter().any(|planned| is_same(&planned.step.action, &entry.step.action))
    };
    let of_installation = |entry: &&Entry| entry.step.stage == Stage::Install;
    for entry in record.entries.iter().rev().filter(of_installation).filter(|e| !is_planned(e)) {
        told.edited.extend(edited(entry, &found));
        told.changes.push(Change::TakeBack { action: entry.step.action.clone() });
    }
    for Planned { step, seen, digest } in planned {
        let entry = record.entry(&step.action);
        let is_known = |digest: &Digest| entry.is_some_and(|entry| entry.digests.contains(digest));
        let is_new = match seen {
            Seen::AsPlanned => continue,
            Seen::Untold if is_current(entry, digest) => continue,
            Seen::Absent => true,
            Seen::Untold => entry.is_none(),
            Seen::Other { digest: found } => {
                let is_foreign = found.is_some_and(|found| !is_known(&found));
                if let (true, Some(to)) = (is_foreign, copied_to(&step.action)) {
                    let is_ours = entry.is_some();
                    told.edited.push(Edited { path: to.clone(), is_ours });
                }
                false
            }
        };
        told.changes.push(Change::Do { step: step.clone(), digest: *digest, is_new });
    }
    reload_units_that_changed(&mut told, planned);
    told
}

/// Where an action copies something whose content is sfgen's.
fn copied_to(action: &Action) -> Option<&Utf8PathBuf> {
    match action {
        Action::CopyFile { to, .. } | Action::CopyTree { to, .. } => Some(to),
        _ => None,
    }
}

/// Whether the record says that a step was done to its end with just that.
fn is_current(entry: Option<&Entry>, digest: &Digest) -> bool {
    entry.is_some_and(|entry| entry.is_done && entry.digests.last() == Some(digest))
}

/// A recorded file that somebody else has written into since.
#[must_use]
pub fn edited(entry: &Entry, found: impl Fn(&Utf8PathBuf) -> Option<Digest>) -> Option<Edited> {
    let to = copied_to(&entry.step.action)?;
    let found = found(to)?;
    (!entry.digests.contains(&found)).then(|| Edited { path: to.clone(), is_ours: true })
}

/// systemd reads its units again where one of them is put there, replaced or removed, and only then; where it has not
/// read what is there already, its step is due anyway.
fn reload_units_that_changed(told: &mut Difference, planned: &[Planned]) {
    let is_reload = |step: &Step| step.action == Action::ReloadUnits;
    let is_due = |change: &Change| matches!(change, Change::Do { step, .. } if is_reload(step));
    let changed = |change: &Change| match change {
        Change::Do { step, .. } => is_unit(&step.action),
        Change::TakeBack { action } => is_unit(action),
    };
    if told.changes.iter().any(is_due) || !told.changes.iter().any(changed) {
        return;
    }
    let Some(at) = planned.iter().position(|planned| is_reload(&planned.step)) else { return };
    let later = &planned[at + 1..];
    let is_later = |change: &Change| match change {
        Change::Do { step, .. } => later.iter().any(|planned| planned.step == *step),
        Change::TakeBack { .. } => false,
    };
    let place = told.changes.iter().position(is_later).unwrap_or(told.changes.len());
    let Planned { step, digest, .. } = planned[at].clone();
    told.changes.insert(place, Change::Do { step, digest, is_new: false });
}

/// Whether an action installs a unit of systemd.
#[must_use]
pub fn is_unit(action: &Action) -> bool {
    let Action::CopyFile { to, .. } = action else { return false };
    matches!(to.extension(), Some("service" | "socket" | "target"))
}

#[cfg(test)]
mod tests;
