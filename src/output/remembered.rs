//! The ports that a tree on disk names: with which a lost lock can be made again.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::{
    fs::{Content, FsError},
    lockfile::{Key, Line, Lock, SpuKey},
    plan::PartyPlan,
    tree::{Tree, TreeError},
    types::{Digest, PortRange, PortRanges},
};

use super::compare::{Comparison, FileChange, FileChangeKind};

/// The ports that a tree names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreePorts {
    /// The numbers of each listener, as far as the plans could be read.
    pub ports: BTreeMap<Key, PortRanges>,
    /// What is kept for their growth.
    pub kept: BTreeMap<Key, PortRanges>,
    /// The numbers of each SPU.
    pub spus: BTreeMap<SpuKey, PortRanges>,
    /// Whether every plan is there as it was written.
    pub is_whole: bool,
}

impl TreePorts {
    /// The ports of the tree in `out`; `None` where there is no tree.
    pub fn read(out: &Utf8Path) -> Result<Option<Self>, FsError> {
        let Some(tree) = Tree::open(out)? else { return Ok(None) };
        let mut found = Self { is_whole: true, ..Self::default() };
        let manifest = match tree.manifest() {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Ok(None),
            Err(TreeError::Fs(why)) => return Err(why),
            Err(TreeError::Unusable { .. }) => {
                return Ok(Some(Self { is_whole: false, ..found }));
            }
        };
        let plans = manifest.files.iter().filter(|(path, _)| is_plan(path));
        for (path, file) in plans {
            let content = tree.content(path)?;
            let bytes = if let Content::File { bytes, .. } = content { bytes } else { Vec::new() };
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
            let key = |role| Key { party: plan.party.clone(), host: host.clone(), role };
            self.ports.extend(host_plan.ports.into_iter().map(|(role, ports)| (key(role), ports)));
            self.kept.extend(host_plan.kept.into_iter().map(|(role, ports)| (key(role), ports)));
        }
        for (spu, parties) in plan.links.spu {
            let own = parties.get(&plan.party).and_then(|link| link.ports().ok());
            let key = SpuKey { party: plan.party.clone(), host: plan.main_host.clone(), spu };
            self.spus.extend(own.map(|ports| (key, ports)));
        }
    }

    /// The ports of those plans in `out` that are to change: all others keep theirs.
    pub fn about_to_change(
        comparison: &Comparison<'_>,
        out: &Utf8Path,
    ) -> Result<BTreeMap<Key, PortRanges>, FsError> {
        let mut found = Self::default();
        let Some(tree) = Tree::open(out)? else { return Ok(found.ports) };
        let is_on_disk = |change: &&FileChange<'_>| change.kind != FileChangeKind::Added;
        for change in comparison.changes.iter().filter(is_on_disk) {
            if is_plan(&change.path)
                && let Ok(plan) = serde_json::from_slice(&tree.read(&change.path)?)
            {
                found.add(plan);
            }
        }
        Ok(found.ports)
    }

    /// The lock that remembers these ports.
    #[must_use]
    pub fn to_lock(&self) -> Lock {
        let lines = |ranges: Vec<PortRange>| {
            ranges.into_iter().map(|range| Line { range, span: None }).collect()
        };
        let ports = self.ports.iter().map(|(key, ports)| {
            let kept = self.kept.get(key).map_or(&[][..], PortRanges::ranges);
            let all = PortRanges::new(ports.ranges().iter().chain(kept).copied());
            (key.clone(), lines(all.map_or_else(|_| Vec::new(), |all| all.ranges().to_vec())))
        });
        let spus = self.spus.iter().map(|(key, own)| (key.clone(), lines(own.ranges().to_vec())));
        Lock { ports: ports.collect(), spus: spus.collect() }
    }
}

/// Whether a file of a tree is the plan of a party.
fn is_plan(path: &Utf8Path) -> bool {
    path.file_name() == Some("plan.json") && path.components().count() == 2
}
