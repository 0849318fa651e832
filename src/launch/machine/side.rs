//! One party's side of a tree, read and found to be what its manifest says.

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;
use thiserror::Error;

use super::state::Owner;
use crate::{
    fs::{self, FsError, Kind},
    plan::{Effect, Federation, HostPlan, Manifest, ManifestFile, PartyPlan},
    tree::{Deviation, DeviationKind, SideFiles, Tree, TreeError, verify},
    types::{Digest, HostName, PartyName, Port, Role},
};

/// Why a tree cannot be launched.
#[derive(Debug, Error, Diagnostic)]
pub enum SideError {
    /// There is no tree, or no such party in it.
    #[error("there is no plan of {party} in `{tree}`")]
    #[diagnostic(code(SF0890), help("{}, or name the tree with `--tree`", NO_TREE))]
    Absent {
        /// Whose plan.
        party: PartyName,
        /// Where it was looked for.
        tree: Utf8PathBuf,
    },
    /// There is no tree.
    #[error("there is no plan in `{tree}`")]
    #[diagnostic(code(SF0890), help("{}, or name the tree with `--tree`", NO_TREE))]
    NoTree {
        /// Where it was looked for.
        tree: Utf8PathBuf,
    },
    /// The tree has plans of other parties only.
    #[error("there is no plan of {party} in `{tree}`, but of {known}")]
    #[diagnostic(
        code(SF0886),
        help(
            "name one of these with `--party`; a party that is new in the topology is there after `sfgen plan`"
        )
    )]
    UnknownParty {
        /// Whose plan.
        party: PartyName,
        /// Where it was looked for.
        tree: Utf8PathBuf,
        /// The parties that it has.
        known: String,
    },
    /// Files that are not what the manifest says.
    #[error("{party}'s copy of the tree is not what {MANIFEST} says: {}", shortened(deviations))]
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
    /// Files that nobody planned.
    #[error(
        "{party}'s copy of the tree has what {MANIFEST} does not list: {}",
        shortened(deviations)
    )]
    #[diagnostic(
        code(SF0889),
        help(
            "remove it, or move it out of the tree; after a plan that was cut off, `sfgen plan` clears up"
        )
    )]
    Unlisted {
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
    /// A link, or a file, is where the tree should be.
    #[error("`{tree}` is a link or a file, and sfgen follows no link to a tree")]
    #[diagnostic(
        code(SF0892),
        help("name the folder itself with `--tree`: `sfgen plan` writes into no other, either")
    )]
    NoFolder {
        /// What was named.
        tree: Utf8PathBuf,
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

/// How a tree comes about.
const NO_TREE: &str = "`sfgen plan` writes it beside the topology, and `sfgen init` a first topology: run this in that folder";

const MANIFEST: &str = Manifest::FILE;
const FEDERATION: &str = "federation.json";

/// So many deviations are named.
const SHOWN: usize = 10;

fn shortened(deviations: &[Deviation]) -> String {
    let shown = deviations.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>();
    let shown = shown.join(", ");
    match deviations.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

impl From<TreeError> for SideError {
    fn from(why: TreeError) -> Self {
        match why {
            TreeError::Unusable { path: file, why } => Self::Unusable { file, why },
            TreeError::Fs(why) => Self::Fs(why),
        }
    }
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
    /// The shared files and the party's own, as they were verified.
    files: SideFiles,
    /// The plan digest.
    pub digest: Digest,
    /// The digest of what a launcher holds of the side for as long as it runs: the party's own plan, which no other party
    /// compares, and all else that counts from its start on.
    pub held: Digest,
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
        let folder = open(tree)?.ok_or_else(absent)?;
        let manifest = folder.manifest()?.ok_or_else(absent)?;
        let tree = fs::resolve(tree)?;
        if !manifest.files.keys().any(|file| file.starts_with(party.as_str())) {
            let known = read_federation(&tree)?.parties;
            let known = known.keys().map(PartyName::as_str).collect::<Vec<_>>().join(", ");
            let party = party.clone();
            return Err(SideError::UnknownParty { party, tree, known });
        }
        let files = verify(&folder, &manifest, party)?.map_err(|deviations| {
            let party = party.clone();
            if deviations.iter().all(|told| told.kind == DeviationKind::Unlisted) {
                SideError::Unlisted { party, deviations }
            } else {
                SideError::Changed { party, deviations }
            }
        })?;
        let file = |path: &Utf8Path| {
            let bytes = files.get(path).map(Vec::as_slice);
            bytes.ok_or_else(|| {
                let why = format!("{MANIFEST} does not list it");
                SideError::Unusable { file: tree.join(path), why }
            })
        };
        let path = Utf8Path::new(FEDERATION);
        let digest = Digest::of(file(path)?);
        let federation: Federation = parse(&tree, path, file(path)?)?;
        let path = Utf8Path::new(party.as_str()).join("plan.json");
        let plan: PartyPlan = parse(&tree, &path, file(&path)?)?;
        if plan.federation != digest || manifest.plan != digest {
            let file = FEDERATION.into();
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
        let held = held(&manifest, &files);
        Ok(Self { tree, root, plan, federation, files, digest, held, host_name })
    }

    /// The party.
    #[must_use]
    pub fn party(&self) -> &PartyName {
        &self.plan.party
    }

    /// A file of the party's own folder as it was verified.
    #[must_use]
    pub fn own_file(&self, name: &str) -> Option<&[u8]> {
        let path = Utf8Path::new(self.plan.party.as_str()).join(name);
        self.file(&path)
    }

    /// A shared file, or one of the party's own, as it was verified.
    #[must_use]
    pub fn file(&self, path: &Utf8Path) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// All of them, by their paths in the tree.
    pub fn files(&self) -> impl Iterator<Item = (&Utf8Path, &[u8])> {
        self.files.iter().map(|(path, bytes)| (path.as_ref(), bytes.as_slice()))
    }

    /// Makes the folder `copy`, for us alone, with every file of the side as it was verified. Whatever is there goes.
    ///
    /// Programs run from such a copy: the tree itself may change at any time, and may hold what nobody has planned.
    pub fn copy_to(&self, copy: &Utf8Path) -> Result<(), FsError> {
        fs::remove_folder(copy)?;
        fs::create_folder(copy, 0o700)?;
        for (path, bytes) in &self.files {
            let path = path.in_folder(copy);
            fs::create_folder(path.parent().unwrap_or(copy), 0o700)?;
            fs::create_unsynced(&path, bytes, 0o600)?;
        }
        Ok(())
    }

    /// What is planned for the host.
    #[must_use]
    pub fn host(&self) -> &HostPlan {
        self.plan.hosts.get(&self.host_name).expect("a side names a host of its plan")
    }

    /// Whether the launcher of the host is installed beside the processes, which units of systemd are, those of jobs too.
    #[must_use]
    pub fn has_units(&self) -> bool {
        !self.host().launcher_locations.is_empty()
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
            ray_is_elsewhere: self.has_units(),
            further_host: (!self.is_main()).then_some(&self.host_name),
        }
    }

    /// Whether the host is the first of its party, on which the launchers meet and jobs run.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.host_name == self.plan.main_host
    }
}

/// The digest of those files of a side that a launcher reads once, at its start.
fn held(manifest: &Manifest, files: &SideFiles) -> Digest {
    let counts =
        |planned: &&ManifestFile| !matches!(planned.effect(), Effect::Firewall | Effect::Read);
    let planned = files.keys().filter_map(|path| manifest.files.get(path).filter(counts));
    let digests = planned.map(|planned| planned.sha256.to_string()).collect::<String>();
    Digest::of(digests.as_bytes())
}

/// Opens a tree; `None` where there is none. A link in its place is not followed, by the rule of `sfgen plan`.
fn open(tree: &Utf8Path) -> Result<Option<Tree>, SideError> {
    match fs::kind(tree)? {
        Kind::Absent => Ok(None),
        Kind::Folder => Ok(Tree::open(tree)?),
        Kind::File { .. } | Kind::Other => Err(SideError::NoFolder { tree: tree.to_owned() }),
    }
}

/// What all parties of a tree share. It is not verified: who takes part is all that may be made of it before a
/// [`Side`] is read.
pub fn read_federation(tree: &Utf8Path) -> Result<Federation, SideError> {
    let path = Utf8Path::new(FEDERATION);
    let absent = || SideError::NoTree { tree: tree.to_owned() };
    let folder = open(tree)?.ok_or_else(absent)?;
    let bytes = folder.read(path).map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => absent(),
        _ => SideError::Fs(why),
    })?;
    parse(tree, path, &bytes)
}

fn parse<T: serde::de::DeserializeOwned>(
    tree: &Utf8Path,
    file: &Utf8Path,
    bytes: &[u8],
) -> Result<T, SideError> {
    serde_json::from_slice(bytes)
        .map_err(|why| SideError::Unusable { file: tree.join(file), why: why.to_string() })
}
