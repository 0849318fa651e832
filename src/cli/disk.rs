//! The folder of a topology on disk.

use std::{cell::RefCell, collections::BTreeMap};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    fs::{self, EntryKind, Kind},
    syntax::{MAX_FILE, Workspace},
};

/// Name of the lock beside the topology.
pub(crate) const LOCK: &str = "sfgen.lock";

/// So many files and folders are looked at below a folder whose files are few.
const MOST_BELOW: usize = 1_000;

/// The topology that a command is about: the one that was named, else `topology.kdl`, or `topology.toml` if there is
/// only that.
pub(crate) fn topology_or_default(named: Option<&Utf8PathBuf>) -> Utf8PathBuf {
    named.cloned().unwrap_or_else(|| topology_in("".into()))
}

/// The topology of a folder: `topology.kdl`, or `topology.toml` if there is only that.
pub(crate) fn topology_in(folder: &Utf8Path) -> Utf8PathBuf {
    let [kdl, toml] = ["topology.kdl", "topology.toml"].map(|name| folder.join(name));
    let is_there = |path: &Utf8Path| !matches!(fs::kind(path), Ok(Kind::Absent));
    if is_there(&toml) && !is_there(&kdl) { toml } else { kdl }
}

/// A folder, from which nothing outside it can be read.
pub(crate) struct DiskWorkspace {
    /// The folder as the user named it, for messages.
    named: Utf8PathBuf,
    /// The folder with links resolved.
    resolved: Utf8PathBuf,
    /// The folders of the files that were looked at, each with its links resolved: a topology has many files in few
    /// of them.
    folders: RefCell<BTreeMap<Utf8PathBuf, Utf8PathBuf>>,
}

impl DiskWorkspace {
    /// The folder of the file `topology`, and the name of the file in it.
    pub(crate) fn of(topology: &Utf8Path) -> Result<(Self, Utf8PathBuf), fs::FsError> {
        let named = topology.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let here = if named.as_str().is_empty() { Utf8Path::new(".") } else { &named };
        let resolved = fs::resolve(here)?;
        let file = topology.file_name().unwrap_or_default().into();
        Ok((Self { named, resolved, folders: RefCell::default() }, file))
    }

    /// The folder, absolute.
    pub(crate) fn folder(&self) -> &Utf8Path {
        &self.resolved
    }

    /// The folder as the user named it, empty where it is the working directory.
    pub(crate) fn named(&self) -> &Utf8Path {
        &self.named
    }

    /// The absolute path of a file, with links resolved; an error where it is not a regular file in the folder.
    fn locate(&self, path: &Utf8Path) -> Result<Option<Utf8PathBuf>, String> {
        let in_words = |why: fs::FsError| why.reason();
        let joined = self.resolved.join(path);
        let real = match (fs::kind(&joined).map_err(in_words)?, joined.parent(), joined.file_name())
        {
            (Kind::Absent, ..) => return Ok(None),
            (Kind::File { .. }, Some(folder), Some(name)) => {
                self.resolve_folder(folder).map_err(in_words)?.join(name)
            }
            _ => fs::resolve(&joined).map_err(in_words)?,
        };
        // Certificates may be named by an absolute path; a relative path must not leave the folder.
        if path.is_relative() && !real.starts_with(&self.resolved) {
            return Err("a link leads out of the folder of the topology".to_owned());
        }
        match fs::kind(&real).map_err(in_words)? {
            Kind::File { .. } => Ok(Some(real)),
            _ => Err("this is no regular file".to_owned()),
        }
    }

    fn resolve_folder(&self, folder: &Utf8Path) -> Result<Utf8PathBuf, fs::FsError> {
        if let Some(real) = self.folders.borrow().get(folder) {
            return Ok(real.clone());
        }
        let real = fs::resolve(folder)?;
        self.folders.borrow_mut().insert(folder.to_owned(), real.clone());
        Ok(real)
    }
}

/// The folder of the tree: the one that was named, else `generated` beside the topology.
pub(crate) fn tree_or_default(
    named: Option<&Utf8PathBuf>,
    workspace: &DiskWorkspace,
) -> Utf8PathBuf {
    named.cloned().unwrap_or_else(|| workspace.named().join("generated"))
}

impl Workspace for DiskWorkspace {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, String> {
        let Some(real) = self.locate(path)? else { return Ok(None) };
        let bytes = fs::read_regular(&real, MAX_FILE).map_err(|why| why.reason())?;
        let bytes =
            bytes.ok_or_else(|| format!("the file is larger than {} MiB", MAX_FILE >> 20))?;
        Ok(Some(bytes))
    }

    fn list(&self, folder: &Utf8Path) -> Result<Vec<String>, String> {
        let joined = self.resolved.join(folder);
        if fs::kind(&joined).map_err(|why| why.reason())? != Kind::Folder {
            return Ok(Vec::new());
        }
        let is_inside = fs::resolve(&joined).is_ok_and(|real| real.starts_with(&self.resolved));
        let entries = fs::entries(&joined).map_err(|why| why.reason())?;
        let files = entries.into_iter().filter(|(name, kind)| match kind {
            EntryKind::File => is_inside,
            EntryKind::Folder => false,
            EntryKind::Other => matches!(self.locate(&folder.join(name)), Ok(Some(_))),
        });
        Ok(files.map(|(name, _)| name).collect())
    }

    fn below(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, String> {
        let joined = self.resolved.join(folder);
        let in_words = |why: fs::FsError| why.reason();
        match fs::kind(&joined).map_err(in_words)? {
            Kind::Absent => return Ok(Vec::new()),
            Kind::Folder => {}
            _ => return Err("this is no folder".to_owned()),
        }
        if !fs::resolve(&joined).is_ok_and(|real| real.starts_with(&self.resolved)) {
            return Err("a link leads out of the folder of the topology".to_owned());
        }
        let Some(root) = fs::Root::open(&joined).map_err(in_words)? else { return Ok(Vec::new()) };
        let mut folders = vec![Utf8PathBuf::new()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for (name, kind) in root.entries(&folder).map_err(in_words)? {
                let path = folder.join(name);
                match kind {
                    EntryKind::Folder => folders.push(path),
                    EntryKind::File | EntryKind::Other => found.push(path),
                }
                if found.len() + folders.len() > MOST_BELOW {
                    return Err(format!("there are more than {MOST_BELOW} files in it"));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn canonical(&self, path: &Utf8Path) -> Utf8PathBuf {
        self.locate(path).ok().flatten().unwrap_or_else(|| path.to_owned())
    }

    fn display(&self, path: &Utf8Path) -> String {
        self.named.join(path).to_string()
    }
}
