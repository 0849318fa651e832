//! Where topology files come from.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

/// Read access to the folder of a topology. Paths are relative to it and never contain `..`.
///
/// The compiler sees files through this alone, so that it stays a function of what it is given.
pub trait Workspace {
    /// The bytes of a regular file; `None` where there is none. A file that lies outside the folder once links are
    /// resolved, or that cannot be read, is an error in words.
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, String>;

    /// The names of the regular files in a folder, sorted; empty where the folder does not exist.
    fn list(&self, folder: &Utf8Path) -> Result<Vec<String>, String>;

    /// The paths of all that is no folder below a folder, relative to it and sorted; empty where the folder does not
    /// exist. What is too much to be looked through is an error in words.
    fn below(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, String>;

    /// The one name of a file that may be reached by several: links resolved, relative to the folder.
    fn canonical(&self, path: &Utf8Path) -> Utf8PathBuf;

    /// How findings name the file: from the working directory.
    fn display(&self, path: &Utf8Path) -> String;
}

/// A folder of which some files are replaced in memory.
pub struct Overlay<'a> {
    /// The folder.
    pub below: &'a dyn Workspace,
    /// What is read instead of its files, or beside them, by path.
    pub files: BTreeMap<Utf8PathBuf, Vec<u8>>,
}

impl Workspace for Overlay<'_> {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, String> {
        self.files.get(path).map_or_else(|| self.below.read(path), |bytes| Ok(Some(bytes.clone())))
    }

    fn list(&self, folder: &Utf8Path) -> Result<Vec<String>, String> {
        let mut names = self.below.list(folder)?;
        let own = self.files.keys().filter(|path| path.parent() == Some(folder));
        names.extend(own.filter_map(|path| path.file_name().map(str::to_owned)));
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn below(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, String> {
        let mut paths = self.below.below(folder)?;
        paths.extend(
            self.files.keys().filter_map(|path| Some(path.strip_prefix(folder).ok()?.into())),
        );
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    fn canonical(&self, path: &Utf8Path) -> Utf8PathBuf {
        self.below.canonical(path)
    }

    fn display(&self, path: &Utf8Path) -> String {
        self.below.display(path)
    }
}

/// Files in memory, for tests and for pages whose examples are checked.
#[derive(Clone, Debug, Default)]
pub struct MemoryWorkspace(pub BTreeMap<Utf8PathBuf, Vec<u8>>);

impl MemoryWorkspace {
    /// The same files and one more.
    #[must_use]
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), bytes.into());
        self
    }
}

impl Workspace for MemoryWorkspace {
    fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(path).cloned())
    }

    fn list(&self, folder: &Utf8Path) -> Result<Vec<String>, String> {
        let inside = self.0.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.filter_map(|path| path.file_name().map(str::to_owned)).collect())
    }

    fn below(&self, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, String> {
        Ok(self.0.keys().filter_map(|path| Some(path.strip_prefix(folder).ok()?.into())).collect())
    }

    fn canonical(&self, path: &Utf8Path) -> Utf8PathBuf {
        path.to_owned()
    }

    fn display(&self, path: &Utf8Path) -> String {
        path.to_string()
    }
}
