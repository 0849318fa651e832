//! What is installed beside SecretFlow, from where, and the options of pip for it.
//!
//! pip checks hashes for all packages of a call or for none. The runtime's own list always has them and is installed
//! first; a user's list with hashes is a call of its own, and so are packages without, of which pip finds the
//! dependencies itself. That last call is held to the runtime's versions, so it cannot change what was tested.

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::INSTALL_OPTIONS,
    types::{Home, IndexUrl, Package},
};

/// What is installed beside SecretFlow, and from where all packages come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoftwarePlan {
    /// Packages for the party's services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PlannedPackage>,
    /// Where pip looks for packages.
    #[serde(default, skip_serializing_if = "PackageSource::is_default")]
    pub source: PackageSource,
}

/// A package with the hashes of its files, if it has any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedPackage {
    /// Name and version.
    pub package: Package,
    /// Its hashes, as `sha256:...`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<String>,
}

/// Where pip looks for packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageSource {
    /// A folder of wheels on the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wheels: Option<Home>,
    /// An index; PyPI where neither is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_url: Option<IndexUrl>,
}

/// A list of packages that one call of pip installs. They are installed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageList {
    /// What SecretFlow needs, complete and with hashes.
    Runtime,
    /// Packages of the user with hashes, complete.
    Hashed,
    /// Packages of the user without hashes.
    Bare,
}

/// The versions of the runtime, to which packages without hashes are held.
pub const CONSTRAINTS: &str = "constraints.txt";

impl PackageList {
    /// Its file in the party's folder of the tree.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Runtime => "requirements.txt",
            Self::Hashed => "packages-hashed.txt",
            Self::Bare => "packages.txt",
        }
    }

    /// The files that its installation reads.
    pub fn files(self) -> impl Iterator<Item = &'static str> {
        let constraints = (self == Self::Bare).then_some(CONSTRAINTS);
        constraints.into_iter().chain([self.file()])
    }

    /// The options of `pip install` and `uv pip install` with which it is installed from a folder.
    #[must_use]
    pub fn options(self, folder: &Utf8Path, source: &PackageSource) -> Vec<String> {
        let mut options: Vec<String> = match self {
            Self::Runtime | Self::Hashed => INSTALL_OPTIONS.map(str::to_owned).into(),
            // What is built from source would run programs of the package while it is installed.
            Self::Bare => ["--only-binary", ":all:"].map(str::to_owned).into(),
        };
        options.extend(source.options());
        if self == Self::Bare {
            options.extend(["-c".to_owned(), folder.join(CONSTRAINTS).into_string()]);
        }
        options.extend(["-r".to_owned(), folder.join(self.file()).into_string()]);
        options
    }
}

impl SoftwarePlan {
    /// Whether nothing is installed beside SecretFlow, and all comes from PyPI.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The lists that are installed, in order.
    #[must_use]
    pub fn lists(&self) -> Vec<PackageList> {
        let is_needed =
            |list: &PackageList| *list == PackageList::Runtime || self.of(*list).next().is_some();
        let all = [PackageList::Runtime, PackageList::Hashed, PackageList::Bare];
        all.into_iter().filter(is_needed).collect()
    }

    /// The files that an installation reads, each once.
    #[must_use]
    pub fn files(&self) -> Vec<&'static str> {
        self.lists().into_iter().flat_map(PackageList::files).collect()
    }

    /// The user's packages of a list.
    pub fn of(&self, list: PackageList) -> impl Iterator<Item = &PlannedPackage> {
        self.packages.iter().filter(move |planned| match list {
            PackageList::Runtime => false,
            PackageList::Hashed => !planned.hashes.is_empty(),
            PackageList::Bare => planned.hashes.is_empty(),
        })
    }
}

impl PackageSource {
    /// Whether it is PyPI.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        if let Some(wheels) = &self.wheels {
            // Without an index beside it, the folder is all there is: a machine without the Internet would wait in vain.
            options.extend(self.index_url.is_none().then(|| "--no-index".to_owned()));
            options.extend(["--find-links".to_owned(), wheels.to_string()]);
        }
        if let Some(index) = &self.index_url {
            options.extend(["--index-url".to_owned(), index.to_string()]);
        }
        options
    }
}
