//! The ports that a tree on disk names: with which a lost lock can be made again.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::{
    fs::{self, FsError},
    lockfile::{Key, Lock},
    plan::{Manifest, PartyPlan},
    types::{Digest, PortRange},
};

use super::compare::{Comparison, FileChange, FileChangeKind};

/// The ports that a tree names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreePorts {
    /// The numbers of each listener, as far as the plans could be read.
    pub ports: BTreeMap<Key, PortRange>,
    /// Whether every plan is there as it was written.
    pub is_whole: bool,
}

impl TreePorts {
    /// The ports of the tree in `out`; `None` where there is no tree.
    pub fn read(out: &Utf8Path) -> Result<Option<Self>, FsError> {
        let Some(bytes) = fs::read_if_exists(&out.join(Manifest::FILE))? else { return Ok(None) };
        let mut found = Self { ports: BTreeMap::new(), is_whole: true };
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
            return Ok(Some(Self { is_whole: false, ..found }));
        };
        let plans = manifest.files.iter().filter(|(path, _)| is_plan(path));
        for (path, file) in plans {
            let bytes = fs::read_if_exists(&out.join(path))?.unwrap_or_default();
            let plan = serde_json::from_slice::<PartyPlan>(&bytes).ok();
            match plan.filter(|_| Digest::of(&bytes) == file.sha256) {
                Some(plan) => found.add(plan),
                None => found.is_whole = false,
            }
        }
        Ok(Some(found))
    }

    fn add(&mut self, plan: PartyPlan) {
        for (host, host_plan) in plan.hosts {
            for (role, range) in host_plan.ports {
                let key = Key { party: plan.party.clone(), host: host.clone(), role };
                self.ports.insert(key, range);
            }
        }
    }

    /// The ports of those plans in `out` that are to change: all others keep theirs.
    pub fn about_to_change(
        comparison: &Comparison<'_>,
        out: &Utf8Path,
    ) -> Result<BTreeMap<Key, PortRange>, FsError> {
        let mut found = Self { ports: BTreeMap::new(), is_whole: false };
        let is_on_disk = |change: &&FileChange<'_>| change.kind != FileChangeKind::Added;
        for change in comparison.changes.iter().filter(is_on_disk) {
            if is_plan(&change.path)
                && let Ok(plan) = serde_json::from_slice(&fs::read(&out.join(&change.path))?)
            {
                found.add(plan);
            }
        }
        Ok(found.ports)
    }

    /// The lock that remembers these ports.
    #[must_use]
    pub fn to_lock(&self) -> Lock {
        let ports = self.ports.iter().map(|(key, range)| (key.clone(), (*range, None)));
        Lock { ports: ports.collect() }
    }
}

/// Whether a file of a tree is the plan of a party.
fn is_plan(path: &Utf8Path) -> bool {
    path.file_name() == Some("plan.json") && path.components().count() == 2
}
