//! One party's side of a tree, read and found to be what its manifest says.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;

use crate::{
    fs::{self, FsError},
    plan::{Federation, Manifest, PartyPlan},
    types::{Digest, PartyName},
};

/// Why a tree cannot be launched.
#[derive(Debug, Error, Diagnostic)]
pub enum SideError {
    /// There is no tree, or no such party in it.
    #[error("there is no plan of {party} in `{tree}`")]
    #[diagnostic(code(SF0890), help("`sfgen plan` writes it; `--tree` names another folder"))]
    Absent {
        /// Whose plan.
        party: PartyName,
        /// Where it was looked for.
        tree: Utf8PathBuf,
    },
    /// A file that is not what the manifest says.
    #[error("{party}'s copy of the tree was changed: `{file}` is not what {MANIFEST} says")]
    #[diagnostic(
        code(SF0891),
        help("restore it with git, or plan again and let all parties pull the same commit")
    )]
    Changed {
        /// Whose copy.
        party: PartyName,
        /// The file.
        file: Utf8PathBuf,
    },
    /// A tree of another release of sfgen, or a file that is none.
    #[error("`{file}` cannot be used: {why}")]
    #[diagnostic(code(SF0892), help("plan again with this release of sfgen"))]
    Unusable {
        /// The file.
        file: Utf8PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

const MANIFEST: &str = Manifest::FILE;

/// What a launcher goes by. It was verified against the manifest when it was read.
#[derive(Clone, Debug)]
pub struct Side {
    /// The tree, absolute.
    pub tree: Utf8PathBuf,
    /// The folder to which paths of the topology are relative, absolute.
    pub root: Utf8PathBuf,
    /// The party's own plan.
    pub plan: PartyPlan,
    /// What all parties share.
    pub federation: Federation,
    /// What the tree consists of.
    pub manifest: Manifest,
    /// The plan digest.
    pub digest: Digest,
    /// What the env file of the main host says, for each program that is started there.
    pub variables: BTreeMap<String, String>,
}

impl Side {
    /// Reads a party's side of the tree at `tree`; `root` is the tree's parent unless given.
    ///
    /// Only the shared files and the party's own folder are read, so that a change in another party's folder is that
    /// party's matter.
    pub fn read(
        tree: &Utf8Path,
        root: Option<&Utf8Path>,
        party: &PartyName,
    ) -> Result<Self, SideError> {
        let absent = || SideError::Absent { party: party.clone(), tree: tree.to_owned() };
        let manifest_bytes = fs::read_if_exists(&tree.join(MANIFEST))?.ok_or_else(absent)?;
        let tree = fs::resolve(tree)?;
        let manifest: Manifest = parse(&tree, Utf8Path::new(MANIFEST), &manifest_bytes)?;
        if !manifest.is_known_format() {
            let known = Manifest::FORMAT;
            let why =
                format!("the tree has format {}, this sfgen reads 1 to {known}", manifest.format);
            return Err(SideError::Unusable { file: tree.join(MANIFEST), why });
        }
        if !manifest.files.keys().any(|file| file.starts_with(party.as_str())) {
            return Err(absent());
        }
        for (file, expected) in &manifest.files {
            let folder = file.parent().unwrap_or(Utf8Path::new(""));
            let shared = folder.as_str().is_empty() || folder == "ca";
            if !shared && !file.starts_with(party.as_str()) {
                continue;
            }
            let found = fs::read_if_exists(&tree.join(file))?;
            if found.map(|bytes| Digest::of(&bytes)) != Some(expected.sha256) {
                return Err(SideError::Changed { party: party.clone(), file: file.clone() });
            }
        }
        let federation_bytes = fs::read(&tree.join("federation.json"))?;
        let digest = Digest::of(&federation_bytes);
        let federation: Federation =
            parse(&tree, Utf8Path::new("federation.json"), &federation_bytes)?;
        let path = Utf8Path::new(party.as_str()).join("plan.json");
        let plan: PartyPlan = parse(&tree, &path, &fs::read(&tree.join(&path))?)?;
        if plan.federation != digest || manifest.plan != digest {
            return Err(SideError::Changed {
                party: party.clone(),
                file: "federation.json".into(),
            });
        }
        let root = match root {
            Some(root) => fs::resolve(root)?,
            None => tree.parent().map_or_else(|| tree.clone(), Utf8Path::to_owned),
        };
        let env_file = Utf8Path::new(party.as_str()).join(plan.main_host.as_str());
        let env_file = env_file.join(format!("{party}.env"));
        let variables = if manifest.files.contains_key(&env_file) {
            variables(&fs::read_text(&tree.join(&env_file))?)
        } else {
            BTreeMap::new()
        };
        Ok(Self { tree, root, plan, federation, manifest, digest, variables })
    }

    /// The party.
    #[must_use]
    pub fn party(&self) -> &PartyName {
        &self.plan.party
    }
}

/// The variables of an env file. Rendering has seen that each line is a comment or `NAME=value` without quotes.
fn variables(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The parties whose plans are in a tree.
pub fn parties(tree: &Utf8Path) -> Result<Vec<PartyName>, SideError> {
    let bytes = fs::read(&tree.join("federation.json"))?;
    let federation: Federation = parse(tree, Utf8Path::new("federation.json"), &bytes)?;
    Ok(federation.parties.into_keys().collect())
}

fn parse<T: serde::de::DeserializeOwned>(
    tree: &Utf8Path,
    file: &Utf8Path,
    bytes: &[u8],
) -> Result<T, SideError> {
    serde_json::from_slice(bytes)
        .map_err(|why| SideError::Unusable { file: tree.join(file), why: why.to_string() })
}
