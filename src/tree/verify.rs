//! A party's side of a tree against its manifest.

use std::{collections::BTreeMap, fmt};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{Content, FsError},
    plan::Manifest,
    types::{Digest, PartyName, TreePath},
};

use super::{
    reader::Tree,
    unlisted::{Scope, unlisted},
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
    /// It is there, and the manifest does not list it.
    Unlisted,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DeviationKind::Missing => "is missing",
            DeviationKind::Edited => "was edited",
            DeviationKind::NotAFile => "is no regular file",
            DeviationKind::Unlisted => "is not listed",
        };
        write!(f, "`{}` {what}", self.file)
    }
}

/// The files of a party's side, by path: the very bytes whose digests were compared.
pub type SideFiles = BTreeMap<TreePath, Vec<u8>>;

/// Reads every file of a party's side once: the files that all parties share, and the party's own folder. A change in
/// another party's folder is that party's matter.
///
/// Where files are not as planned, or lie there unplanned, the deviations are returned instead, sorted by path.
pub fn verify(
    tree: &Tree,
    manifest: &Manifest,
    party: &PartyName,
) -> Result<Result<SideFiles, Vec<Deviation>>, FsError> {
    let mut files = SideFiles::new();
    let mut deviations = Vec::new();
    for (path, planned) in manifest.files.iter().filter(|(path, _)| is_of_side(path, party)) {
        let kind = match tree.content(path)? {
            Content::File { bytes, .. } if Digest::of(&bytes) == planned.sha256 => {
                files.insert(path.clone(), bytes);
                continue;
            }
            Content::File { .. } | Content::TooLarge => DeviationKind::Edited,
            Content::Absent => DeviationKind::Missing,
            Content::NotAFile => DeviationKind::NotAFile,
        };
        deviations.push(Deviation { file: path.to_path_buf(), kind });
    }
    let unlisted = unlisted(tree, manifest, Scope::Side(party))?;
    // What is listed and no file is told above, not for each file in a folder that is there instead.
    let is_told = |file: &Utf8Path| deviations.iter().any(|told| file.starts_with(&told.file));
    let unlisted: Vec<_> = unlisted.into_iter().filter(|file| !is_told(file)).collect();
    let kind = DeviationKind::Unlisted;
    deviations.extend(unlisted.into_iter().map(|file| Deviation { file, kind }));
    deviations.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(if deviations.is_empty() { Ok(files) } else { Err(deviations) })
}

fn is_of_side(file: &Utf8Path, party: &PartyName) -> bool {
    let is_shared = file.components().count() == 1 || file.starts_with("ca");
    is_shared || file.starts_with(party.as_str())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::{fs, plan::ManifestFile};

    fn manifest(paths: &[&str]) -> Manifest {
        let planned =
            || ManifestFile { sha256: Digest::of(b"planned"), mode: "0644".into(), effect: None };
        let files = paths.iter().map(|path| (path.parse().unwrap(), planned())).collect();
        Manifest { format: 1, plan: Digest::of(b""), templates: BTreeMap::new(), files }
    }

    fn told(tree: &Utf8Path, manifest: &Manifest) -> Vec<String> {
        let tree = Tree::open(tree).unwrap().unwrap();
        let told = verify(&tree, manifest, &"alice".parse().unwrap()).unwrap();
        told.err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_file_of_a_side_that_differs_is_told_and_no_file_of_another_party() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap();
        let manifest = manifest(&[
            "alice/alice-1/alice.env",
            "alice/plan.json",
            "alice/requirements.txt",
            "bob/plan.json",
            "ca/bob.pem",
            "federation.json",
            "sf_party.py",
        ]);
        fs::create_folder(&tree.join("alice/requirements.txt"), 0o755).unwrap();
        fs::create_folder(&tree.join("ca"), 0o755).unwrap();
        fs::write_new(&tree.join("alice/plan.json"), b"edited", 0o644).unwrap();
        fs::write_new(&tree.join("federation.json"), b"planned", 0o644).unwrap();
        symlink("federation.json", tree.join("sf_party.py")).unwrap();
        assert_eq!(
            told(tree, &manifest),
            [
                "`alice/alice-1/alice.env` is missing",
                "`alice/plan.json` was edited",
                "`alice/requirements.txt` is no regular file",
                "`ca/bob.pem` is missing",
                "`sf_party.py` is no regular file",
            ]
        );
    }

    #[test]
    fn what_the_manifest_does_not_list_is_told_where_it_is_ones_own_or_shared() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap();
        let manifest = manifest(&["alice/plan.json", "bob/plan.json"]);
        let put = |path: &str| {
            fs::create_folder(tree.join(path).parent().unwrap(), 0o755).unwrap();
            fs::write_new(&tree.join(path), b"planned", 0o644).unwrap();
        };
        for path in ["alice/plan.json", "bob/plan.json", "bob/notes.txt", "manifest.json"] {
            put(path);
        }
        fs::create_folder(&tree.join("empty/in"), 0o755).unwrap();
        assert_eq!(told(tree, &manifest), Vec::<String>::new());
        for path in ["alice/a/.env.swp", "json/__init__.py", "random.py", "ca/x.pem"] {
            put(path);
        }
        symlink("/", tree.join("root")).unwrap();
        let name = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff\xfe");
        std::fs::create_dir(tree.as_std_path().join::<&std::ffi::OsStr>(name)).unwrap();
        assert_eq!(
            told(tree, &manifest),
            [
                "`alice/a/.env.swp` is not listed",
                "`ca/x.pem` is not listed",
                "`json/__init__.py` is not listed",
                "`random.py` is not listed",
                "`root` is not listed",
                "`\u{fffd}\u{fffd}` is not listed",
            ]
        );
    }
}
