//! One party's side of a tree, read and found to be what its manifest says.

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;

use super::state::Owner;
use crate::{
    fs::{self, FsError},
    plan::{Federation, HostPlan, Manifest, PartyPlan},
    tree::{Deviation, DeviationKind, verify},
    types::{Digest, HostName, PartyName, Port, Role},
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
    /// Files that are not what the manifest says.
    #[error("{party}'s copy of the tree is not what {MANIFEST} says: {}", list(deviations))]
    #[diagnostic(
        code(SF0891),
        help("restore it with git, or plan again and let all parties pull the same commit")
    )]
    Changed {
        /// Whose copy.
        party: PartyName,
        /// All of them.
        deviations: Vec<Deviation>,
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
    /// The party has no such host.
    #[error("{party} has no host `{host}` in the plan; it has {known}")]
    #[diagnostic(
        code(SF0899),
        help("name one of these with `--host`, or leave it out for the first one")
    )]
    UnknownHost {
        /// Whose host.
        party: PartyName,
        /// The one that was named.
        host: HostName,
        /// Those of the plan.
        known: String,
    },
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

const MANIFEST: &str = Manifest::FILE;

fn list(deviations: &[Deviation]) -> String {
    deviations.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

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
    /// The host of the party that is meant, one of the plan's.
    pub host_name: HostName,
}

impl Side {
    /// Reads a party's side of the tree at `tree` as one of its hosts has it, the first one unless another is named;
    /// `root` is the tree's parent unless given.
    ///
    /// Only the shared files and the party's own folder are read, so that a change in another party's folder is that
    /// party's matter.
    pub fn read(
        tree: &Utf8Path,
        root: Option<&Utf8Path>,
        party: &PartyName,
        host: Option<&HostName>,
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
        let deviations = verify(&tree, &manifest, party)?;
        if !deviations.is_empty() {
            return Err(SideError::Changed { party: party.clone(), deviations });
        }
        let federation_bytes = fs::read(&tree.join("federation.json"))?;
        let digest = Digest::of(&federation_bytes);
        let federation: Federation =
            parse(&tree, Utf8Path::new("federation.json"), &federation_bytes)?;
        let path = Utf8Path::new(party.as_str()).join("plan.json");
        let plan: PartyPlan = parse(&tree, &path, &fs::read(&tree.join(&path))?)?;
        if plan.federation != digest || manifest.plan != digest {
            let file = "federation.json".into();
            let deviations = vec![Deviation { file, kind: DeviationKind::Edited }];
            return Err(SideError::Changed { party: party.clone(), deviations });
        }
        let root = match root {
            Some(root) => fs::resolve(root)?,
            None => tree.parent().map_or_else(|| tree.clone(), Utf8Path::to_owned),
        };
        let host_name = host.unwrap_or(&plan.main_host).clone();
        if !plan.hosts.contains_key(&host_name) {
            let known = plan.hosts.keys().map(|host| format!("`{host}`")).collect::<Vec<_>>();
            let known = known.join(", ");
            return Err(SideError::UnknownHost { party: party.clone(), host: host_name, known });
        }
        Ok(Self { tree, root, plan, federation, manifest, digest, host_name })
    }

    /// The party.
    #[must_use]
    pub fn party(&self) -> &PartyName {
        &self.plan.party
    }

    /// What is planned for the host.
    #[must_use]
    pub fn host(&self) -> &HostPlan {
        self.plan.hosts.get(&self.host_name).expect("a side names a host of its plan")
    }

    /// Where the other parties' launchers dial this one; `None` where there is nobody to meet: on a further host of a
    /// party, and in a simulation.
    #[must_use]
    pub fn control(&self) -> Option<Port> {
        self.host().port(&Role::Control)
    }

    /// The party as which a simulation runs, where it is another one; `None` in production.
    #[must_use]
    pub fn follows(&self) -> Option<&PartyName> {
        let simulation = self.plan.secretflow.as_ref()?.simulation.as_ref()?;
        simulation.parties.first().filter(|leader| *leader != self.party())
    }

    /// Whose launcher carries the side out.
    #[must_use]
    pub fn owner(&self) -> Owner<'_> {
        Owner {
            tree: &self.tree,
            topology: &self.federation.topology,
            party: self.party(),
            further_host: (!self.is_main()).then_some(&self.host_name),
        }
    }

    /// Whether the host is the first of its party, on which the launchers meet and jobs run.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.host_name == self.plan.main_host
    }
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
