//! What sfgen did on a machine for one host of a party, kept so that it can be taken back.
//!
//! The record is written before each change and again after it. So a change that was cut off is in it, and so is what
//! has yet to be started anew.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::InstallError;
use crate::{
    fs::{self, Lock},
    launch::machine::state::Folders,
    plan::{Action, Step},
    types::{Digest, HostName, PartyName, TopologyName},
};

/// Whose installation a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The topology.
    pub topology: TopologyName,
    /// The party.
    pub party: PartyName,
    /// Its host that this machine is.
    pub host: HostName,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the format.
    pub format: u32,
    /// For whom.
    pub place: Place,
    /// The steps, in the order in which they were done first.
    pub entries: Vec<Entry>,
    /// What has to be started anew, since it runs with what was there before.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub restart: BTreeSet<String>,
}

/// A step that was done, or begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The step.
    pub step: Step,
    /// Whether it was done to its end.
    pub is_done: bool,
    /// Digests of what the step was done with, the newest last: of a file that was copied, else of what says whether it
    /// has to be done again. While a file is replaced, both the old content and the new one are sfgen's.
    pub digests: Vec<Digest>,
    /// Folders that were made for it, from the outermost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<Utf8PathBuf>,
    /// What was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// Something of the machine that a step replaced or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Permission bits.
    pub mode: u32,
    /// User number of the owner.
    pub user: u32,
    /// Group number of the owner.
    pub group: u32,
    /// The content of a file, kept beside the record under its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
}

impl Record {
    /// The version of the format that this release reads and writes.
    pub const FORMAT: u32 = 1;

    /// Nothing was done yet.
    #[must_use]
    pub fn empty(place: Place) -> Self {
        Self { format: Self::FORMAT, place, entries: Vec::new(), restart: BTreeSet::new() }
    }

    /// What was done for that action: for the same file, folder or unit, whatever its content was.
    #[must_use]
    pub fn entry(&self, action: &Action) -> Option<&Entry> {
        self.entries.iter().find(|entry| is_same(&entry.step.action, action))
    }

    /// Notes that a step is about to be done, with what it is done with.
    pub fn begin(&mut self, step: &Step, digest: Digest) -> &mut Entry {
        let found = self.entries.iter().position(|entry| is_same(&entry.step.action, &step.action));
        let at = found.unwrap_or_else(|| {
            let (digests, folders) = (Vec::new(), Vec::new());
            let step = step.clone();
            self.entries.push(Entry { step, is_done: false, digests, folders, before: None });
            self.entries.len() - 1
        });
        let entry = &mut self.entries[at];
        entry.step = step.clone();
        entry.is_done = false;
        entry.digests.retain(|known| *known != digest);
        entry.digests.push(digest);
        entry
    }

    /// Notes that the step has been done.
    pub fn finish(&mut self, action: &Action) {
        let entry = self.entries.iter_mut().find(|entry| is_same(&entry.step.action, action));
        if let Some(entry) = entry {
            entry.is_done = true;
            entry.digests.drain(..entry.digests.len().saturating_sub(1));
        }
    }

    /// Forgets a step, which was taken back.
    pub fn forget(&mut self, action: &Action) {
        self.entries.retain(|entry| !is_same(&entry.step.action, action));
    }

    /// The steps, for their order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.entries.iter().map(|entry| entry.step.clone()).collect()
    }
}

/// Whether two actions are about the same thing: what takes one back takes the other back.
#[must_use]
pub fn is_same(one: &Action, other: &Action) -> bool {
    match (one, other) {
        (
            Action::InstallPackages { folder: a, requirements: b, .. },
            Action::InstallPackages { folder: c, requirements: d, .. },
        ) => (a, b) == (c, d),
        _ => one.undo().map_or_else(|| one == other, |undo| Some(undo) == other.undo()),
    }
}

/// The records below one folder.
#[derive(Clone, Debug)]
pub struct Records {
    folder: Utf8PathBuf,
}

/// Where it is recorded what only root can install, unless `SFGEN_STATE` names another folder.
const OF_ROOT: &str = "/var/lib/sfgen";

impl Records {
    /// Where it is recorded what needs the rights of root to be installed, or none.
    pub fn from_env(needs_root: bool) -> Result<Self, InstallError> {
        let is_named = std::env::var_os("SFGEN_STATE").is_some_and(|folder| !folder.is_empty());
        let state = if needs_root && !is_named {
            OF_ROOT.into()
        } else {
            Folders::from_env().state.ok_or(InstallError::NoHome)?
        };
        Ok(Self::below(&state))
    }

    /// What is installed on this machine by root or by this account, sorted.
    pub fn all(wanted: impl Fn(&Place) -> bool) -> Result<Vec<(Place, Self)>, InstallError> {
        let mut all = Vec::new();
        for records in [Self::from_env(true), Self::from_env(false)] {
            // An account without a home has installed nothing.
            let Ok(records) = records else { continue };
            let places = records.places()?.into_iter().filter(&wanted);
            all.extend(places.map(|place| (place, records.clone())));
        }
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        // With `SFGEN_STATE` both are in one folder.
        all.dedup_by(|(a, one), (b, other)| a == b && one.folder == other.folder);
        Ok(all)
    }

    /// Those below a folder of state.
    #[must_use]
    pub fn below(state: &Utf8Path) -> Self {
        Self { folder: state.join("installed") }
    }

    /// The places of which there are records, sorted.
    pub fn places(&self) -> Result<Vec<Place>, InstallError> {
        let mut places = Vec::new();
        let below = |folder: &Utf8Path| match fs::list(folder) {
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(why) if why.kind() == std::io::ErrorKind::NotADirectory => Ok(Vec::new()),
            listed => listed,
        };
        for topology in below(&self.folder)? {
            for party in below(&self.folder.join(&topology))? {
                for file in below(&self.folder.join(&topology).join(&party))? {
                    let parsed = file.strip_suffix(".json").and_then(|host| {
                        let (topology, party) = (topology.parse().ok()?, party.parse().ok()?);
                        Some(Place { topology, party, host: host.parse().ok()? })
                    });
                    places.extend(parsed);
                }
            }
        }
        Ok(places)
    }

    /// What was done at a place, for a look only.
    pub fn read(&self, place: &Place) -> Result<Record, InstallError> {
        let file = self.file(place);
        match fs::read_if_exists(&file)? {
            None => Ok(Record::empty(place.clone())),
            Some(bytes) => read(&file, &bytes),
        }
    }

    fn file(&self, place: &Place) -> Utf8PathBuf {
        let Place { topology, party, host } = place;
        self.folder.join(topology.as_str()).join(party.as_str()).join(format!("{host}.json"))
    }

    /// Opens the record of a place for this process alone; empty where there is none.
    pub fn open(&self, place: &Place) -> Result<OpenRecord, InstallError> {
        let file = self.file(place);
        // Whoever looks at the difference reads the record, and only root writes it.
        fs::create_folder(file.parent().unwrap_or(&self.folder), 0o755)?;
        let lock = Lock::try_take(&lock_of(&file))?;
        let lock = lock.ok_or_else(|| InstallError::Busy { party: place.party.clone() })?;
        Ok(OpenRecord { record: self.read(place)?, file, _lock: lock })
    }
}

fn lock_of(file: &Utf8Path) -> Utf8PathBuf {
    file.with_extension("lock")
}

fn read(file: &Utf8Path, bytes: &[u8]) -> Result<Record, InstallError> {
    let unusable = |why: String| InstallError::Record { file: file.to_owned(), why };
    let record: Record = serde_json::from_slice(bytes).map_err(|why| unusable(why.to_string()))?;
    if record.format == Record::FORMAT {
        Ok(record)
    } else {
        Err(unusable(format!("its format is {}, not {}", record.format, Record::FORMAT)))
    }
}

/// A record that this process alone changes.
#[derive(Debug)]
pub struct OpenRecord {
    /// What it says.
    pub record: Record,
    file: Utf8PathBuf,
    _lock: Lock,
}

impl OpenRecord {
    /// Puts on the disk what it says now, in one step.
    pub fn save(&self) -> Result<(), InstallError> {
        let bytes = serde_json::to_vec_pretty(&self.record).expect("it has string keys");
        Ok(fs::write_alone(&self.file, &bytes, 0o644)?)
    }

    /// Keeps the content of a file that is about to be replaced.
    pub fn keep(&self, content: &[u8]) -> Result<Digest, InstallError> {
        let digest = Digest::of(content);
        fs::write_atomically(&self.kept(digest), content, 0o600)?;
        Ok(digest)
    }

    /// Where a content is kept.
    #[must_use]
    pub fn kept(&self, digest: Digest) -> Utf8PathBuf {
        self.file.with_extension(format!("{digest}"))
    }

    /// The absolute path of a file beside the record, for what it is about.
    pub fn beside(&self, ending: &str) -> Result<Utf8PathBuf, InstallError> {
        let folder = fs::resolve(self.file.parent().unwrap_or(Utf8Path::new("/")))?;
        Ok(folder.join(format!("{}.{ending}", self.record.place.host)))
    }

    /// Removes the record of an installation that was taken back, and the folders that it alone was in.
    pub fn remove(self) -> Result<(), InstallError> {
        let kept = self.record.entries.iter().filter_map(|entry| entry.before.as_ref()?.content);
        for digest in kept {
            fs::remove_file(&self.kept(digest))?;
        }
        fs::remove_file(&self.file)?;
        fs::remove_file(&lock_of(&self.file))?;
        for folder in self.file.ancestors().skip(1).take(4) {
            fs::remove_empty_folder(folder);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
