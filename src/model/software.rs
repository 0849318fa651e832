//! `packages`, `requirements`, `wheels` and `index-url`, in `runtime` for all parties and in `party` for one.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::{
    diag::Spanned,
    syntax::Cursor,
    types::{Home, IndexUrl, Package, PathText},
};

/// What is installed beside SecretFlow, and from where packages are installed.
#[derive(Clone, Debug, Default)]
pub struct Software {
    /// Packages that are written one by one.
    pub packages: Vec<Spanned<Package>>,
    /// A list of packages beside the topology.
    pub requirements: Option<Spanned<Utf8PathBuf>>,
    /// A folder of wheels on each machine.
    pub wheels: Option<Spanned<Home>>,
    /// The index instead of PyPI.
    pub index_url: Option<Spanned<IndexUrl>>,
}

/// A package with the hashes of its files, if it has any.
#[derive(Clone, Debug)]
pub struct ListedPackage {
    /// Name and version, and where they are written.
    pub package: Spanned<Package>,
    /// Its hashes, as `sha256:...`.
    pub hashes: Vec<String>,
}

/// The lists that `requirements` names, by path.
pub type PackageLists = BTreeMap<Utf8PathBuf, Vec<ListedPackage>>;

impl Software {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Self {
        let node = cursor.node;
        let packages = node.children_named("packages");
        let packages = packages.flat_map(|child| cursor.at(child).args()).collect();
        let requirements = node.child("requirements");
        let requirements = requirements.and_then(|child| cursor.at(child).arg::<PathText>(0));
        let wheels = node.child("wheels").and_then(|child| cursor.at(child).arg(0));
        Self {
            packages,
            requirements: requirements.map(|path| path.map(|path| path.0)),
            wheels,
            index_url: cursor.prop("index-url"),
        }
    }

    /// Its packages, those of its list included.
    pub fn listed<'a>(
        &'a self,
        lists: &'a PackageLists,
    ) -> impl Iterator<Item = ListedPackage> + use<'a> {
        let own = self.packages.iter();
        let own = own.map(|package| ListedPackage { package: package.clone(), hashes: Vec::new() });
        let list = self.requirements.as_ref().and_then(|path| lists.get(&path.value));
        own.chain(list.into_iter().flatten().cloned())
    }
}
