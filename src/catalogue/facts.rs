//! What is known about a release, as its file in `runtimes/` says it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::Deserialize;

use super::{
    pins::pins,
    setting::{HeuFacts, SettingFacts},
};

/// Facts about one release of a runtime.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// `secretflow`.
    pub name: String,
    /// Version, as on PyPI.
    pub version: String,
    /// The Python for which its wheels exist, `major.minor`.
    pub python: String,
    /// Its engines by name.
    pub engines: BTreeMap<String, EngineFacts>,
    /// What messages of peers must be allowed to unpickle.
    pub deserialize: DeserializeFacts,
    /// MPC protocols of SPU by name.
    pub protocols: BTreeMap<String, ProtocolFacts>,
    /// Rings of SPU by name.
    pub fields: BTreeMap<String, FieldFacts>,
    /// PSI protocols by name.
    #[serde(default)]
    pub psi: BTreeMap<String, PsiFacts>,
    /// Fields of SPU's `RuntimeConfig` beside protocol and ring, those of its messages behind a dot.
    #[serde(default)]
    pub runtime_config: BTreeMap<String, SettingFacts>,
    /// Keys of `link_desc` of `sf.SPU`.
    #[serde(default)]
    pub link_desc: BTreeMap<String, SettingFacts>,
    /// What an HEU can be told.
    #[serde(default)]
    pub heu: HeuFacts,
    /// The lists of pinned requirements by name: each `name==version` with the hashes of its files.
    #[serde(skip)]
    pub lists: BTreeMap<String, Cow<'static, str>>,
}

/// Names by module; `*` for all of a module.
pub type AllowList = BTreeMap<String, BTreeSet<String>>;

/// Facts about an engine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineFacts {
    /// Which requirement list it is installed from.
    pub requirements: String,
    /// The list of what Ray's dashboard needs beside it; `None` where nobody has found out.
    #[serde(default)]
    pub dashboard: Option<String>,
    /// Back-ends of which `recv_resource_label` ties the receiver to a Ray node.
    #[serde(default)]
    pub tied_back_ends: BTreeSet<String>,
    /// Whether its cross-silo link can do TLS.
    pub tls: bool,
    /// Back-ends of the cross-silo link that take `tls_config` and send plain text all the same.
    #[serde(default)]
    pub plain_back_ends: BTreeSet<String>,
    /// Whether it enforces a list of what may be unpickled.
    pub allow_list: bool,
}

/// What messages of peers must be allowed to unpickle, by what a topology declares.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeserializeFacts {
    /// Arrays and errors, always.
    pub always: AllowList,
    /// For SPUs.
    pub spu: AllowList,
    /// For HEUs.
    pub heu: AllowList,
}

/// Facts about an MPC protocol.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolFacts {
    /// Fewest and most parties.
    pub parties: (u16, u16),
    /// Whether the inputs stay secret.
    #[serde(default = "yes")]
    pub private: bool,
    /// Whether HEU can hand values over to an SPU with it.
    #[serde(default)]
    pub heu: bool,
}

/// Facts about a ring.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFacts {
    /// Whether fixed-point numbers keep a useful precision.
    pub fixed_point: bool,
}

/// Facts about a protocol for private set intersection.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PsiFacts {
    /// Fewest and most parties.
    pub parties: (u16, u16),
}

fn yes() -> bool {
    true
}

impl Release {
    /// The pinned requirements of an engine, complete, to be installed with [`INSTALL_OPTIONS`](super::INSTALL_OPTIONS).
    #[must_use]
    pub fn requirements(&self, engine: &str) -> Option<&str> {
        self.list(&self.engines.get(engine)?.requirements)
    }

    /// What Ray's dashboard needs beside the requirements of an engine.
    #[must_use]
    pub fn dashboard(&self, engine: &str) -> Option<&str> {
        self.list(self.engines.get(engine)?.dashboard.as_ref()?)
    }

    /// The versions of the packages that an engine is installed from, by their normal names.
    #[must_use]
    pub fn pinned(&self, engine: &str) -> BTreeMap<String, String> {
        let (pins, _) = pins(self.requirements(engine).unwrap_or_default());
        let packages = pins.into_iter().map(|pin| pin.package);
        packages.map(|one| (one.normal_name(), one.version().to_owned())).collect()
    }

    fn list(&self, name: &str) -> Option<&str> {
        self.lists.get(name).map(AsRef::as_ref)
    }

    /// The names of all lists that its engines need.
    pub fn list_names(&self) -> impl Iterator<Item = &String> {
        self.engines
            .values()
            .flat_map(|engine| [&engine.requirements].into_iter().chain(&engine.dashboard))
    }
}
