//! A tree on disk against its manifest: which files are not as they were planned.
//!
//! The one place where this is decided. `output` asks it of single files before it replaces them, and
//! `launch` of a party's whole side before anything starts from it.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{self, FsError, Kind},
    plan::{Manifest, ManifestFile},
    types::{Digest, PartyName},
};

/// A file that is not what the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Its path in the tree.
    pub file: Utf8PathBuf,
    /// What is different.
    pub kind: DeviationKind,
}

/// What is different about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviationKind {
    /// It is not there.
    Missing,
    /// Its content is another one.
    Edited,
    /// It is a folder, a link, or something else that is no regular file.
    NotAFile,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DeviationKind::Missing => "is missing",
            DeviationKind::Edited => "was edited",
            DeviationKind::NotAFile => "is no regular file",
        };
        write!(f, "`{}` {what}", self.file)
    }
}

/// Whether the manifest has the file at `path` with content of this digest.
#[must_use]
pub fn is_planned(manifest: &Manifest, path: &Utf8Path, content: Digest) -> bool {
    manifest.files.get(path).is_some_and(|file| is_content(file, content))
}

/// Whether content of this digest is that of a file which a manifest lists.
#[must_use]
pub fn is_content(file: &ManifestFile, content: Digest) -> bool {
    file.sha256 == content
}

/// Every file of a party's side that is not as planned, sorted by path: the files that all parties share, and the
/// party's own folder. A change in another party's folder is that party's matter.
pub fn verify(
    tree: &Utf8Path,
    manifest: &Manifest,
    party: &PartyName,
) -> Result<Vec<Deviation>, FsError> {
    let mut deviations = Vec::new();
    for file in manifest.files.keys().filter(|file| is_of_side(file, party)) {
        let path = tree.join(file);
        let kind = match fs::kind(&path)? {
            Kind::Absent => DeviationKind::Missing,
            Kind::File { .. } if is_planned(manifest, file, Digest::of(&fs::read(&path)?)) => {
                continue;
            }
            Kind::File { .. } => DeviationKind::Edited,
            Kind::Folder | Kind::Other => DeviationKind::NotAFile,
        };
        deviations.push(Deviation { file: file.clone(), kind });
    }
    Ok(deviations)
}

fn is_of_side(file: &Utf8Path, party: &PartyName) -> bool {
    let is_shared = file.components().count() == 1 || file.starts_with("ca");
    is_shared || file.starts_with(party.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_side_that_differs_is_told_and_no_file_of_another_party() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap();
        let paths = [
            "alice/alice-1/alice.env",
            "alice/plan.json",
            "alice/requirements.txt",
            "bob/plan.json",
            "ca/bob.pem",
            "federation.json",
        ];
        let planned =
            || ManifestFile { sha256: Digest::of(b"planned"), mode: "0644".into(), effect: None };
        let files = paths.map(|path| (path.into(), planned())).into();
        let manifest = Manifest { format: 1, plan: Digest::of(b""), files };
        fs::create_folder(&tree.join("alice/requirements.txt"), 0o755).unwrap();
        fs::create_folder(&tree.join("ca"), 0o755).unwrap();
        fs::write_new(&tree.join("alice/plan.json"), b"edited", 0o644).unwrap();
        fs::write_new(&tree.join("federation.json"), b"planned", 0o644).unwrap();
        let told = verify(tree, &manifest, &"alice".parse().unwrap()).unwrap();
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`alice/alice-1/alice.env` is missing",
                "`alice/plan.json` was edited",
                "`alice/requirements.txt` is no regular file",
                "`ca/bob.pem` is missing",
            ]
        );
    }
}
