//! Files that lie in a tree and belong to no plan.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{EntryKind, FsError},
    plan::Manifest,
    types::PartyName,
};

use super::reader::Tree;

/// Folders in folders that are looked into; sfgen writes three.
const DEPTH_MAX: usize = 16;

/// Whose files are looked at.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// All of them.
    All,
    /// Those of one party, and those that all parties share: the folders of other parties are theirs.
    Side(&'a PartyName),
}

impl Scope<'_> {
    /// Whether a file or folder at this path is within it.
    #[must_use]
    pub fn contains(self, path: &Utf8Path, manifest: &Manifest) -> bool {
        let Self::Side(party) = self else { return true };
        let first = path.components().next().map_or("", |part| part.as_str());
        first == party.as_str()
            || !manifest.files.contains_key(&*Utf8Path::new(first).join("plan.json"))
    }
}

/// Everything within `scope` that is no file of the manifest, nor the manifest itself, sorted: what lies there could be
/// imported, installed or believed, and nobody has planned it. Folders without a file do not count, since a tree is
/// its files.
pub fn unlisted(
    tree: &Tree,
    manifest: &Manifest,
    scope: Scope<'_>,
) -> Result<Vec<Utf8PathBuf>, FsError> {
    let mut found = Vec::new();
    let mut open = vec![(Utf8PathBuf::new(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for (name, kind) in tree.entries(&folder)? {
            let path = folder.join(&name);
            if !scope.contains(&path, manifest) {
                continue;
            }
            let is_listed = path == Manifest::FILE || manifest.files.contains_key(&*path);
            match kind {
                // Under a name that is not UTF-8, which is given with replacement characters, nothing can be read.
                _ if name.contains(char::REPLACEMENT_CHARACTER) => found.push(path),
                EntryKind::Folder if depth < DEPTH_MAX => open.push((path, depth + 1)),
                _ if is_listed => {}
                EntryKind::Folder | EntryKind::File | EntryKind::Other => found.push(path),
            }
        }
    }
    found.sort();
    Ok(found)
}
