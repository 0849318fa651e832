//! `federation.json`: what all parties share. Its digest is the plan digest.
//!
//! Nothing here is a party's own choice: no user names, no paths, no unit names, no port that no peer dials.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{
    BackEnd, DeviceName, Digest, HostAddr, HostName, JobName, Package, PartyName, Port, PortError,
    PortRange, PortRanges, Role, RuntimeParty, TopologyName,
};

use super::{Engine, Links, Mode, json::json_bytes};

/// The version of the tree's format that this release writes and reads.
pub const FORMAT: u32 = 1;

/// The public view of a federation, the same at every party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Federation {
    /// Version of the format.
    pub format: u32,
    /// Name of the topology.
    pub topology: TopologyName,
    /// Production or simulation.
    pub mode: Mode,
    /// The runtime that all parties run.
    pub runtime: FederationRuntime,
    /// How the parties' programs reach each other.
    pub links: Links,
    /// Whether the runtime's own links are TLS. The launchers' meeting always is.
    pub tls: bool,
    /// The parties by name.
    pub parties: BTreeMap<PartyName, FederationParty>,
    /// SPUs by name.
    pub spus: BTreeMap<DeviceName, Spu>,
    /// HEUs by name.
    pub heus: BTreeMap<DeviceName, Heu>,
    /// Jobs by name.
    pub jobs: BTreeMap<JobName, FederationJob>,
}

/// The runtime, as far as it must be the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, tag = "name", rename_all = "kebab-case")]
pub enum FederationRuntime {
    /// sfgen's own arithmetic, without Python.
    Embedded,
    /// SecretFlow.
    Secretflow {
        /// Release, as on PyPI.
        version: String,
        /// Engine of the driver.
        engine: Engine,
        /// Wanted Python, `3.10` or, to the patch level, `3.10.13`.
        python: String,
        /// Names that messages of peers may unpickle, by module; `*` for every name of a module. `None` where
        /// the list was lifted or the engine has none.
        deserialize: Option<BTreeMap<String, BTreeSet<String>>>,
        /// Packages beside it that all parties install.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        packages: Vec<Package>,
        /// What carries the messages between parties; absent where it is SecretFlow's default.
        #[serde(default, skip_serializing_if = "BackEnd::is_default")]
        back_end: BackEnd,
    },
}

/// One party, as its peers know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FederationParty {
    /// What SecretFlow calls it; absent where that is its name here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_name: Option<RuntimeParty>,
    /// Fingerprints of its certificates; `None` in simulation, where nobody meets.
    pub identity: Option<Fingerprints>,
    /// How many job runs it can have at once; each has ports of its own.
    pub slots: u16,
    /// Its hosts by name.
    pub hosts: BTreeMap<HostName, FederationHost>,
}

/// SHA-256 of a party's certificates in DER.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fingerprints {
    /// Its CA.
    pub ca: Digest,
    /// Its leaf, to which the launchers pin it.
    pub leaf: Digest,
    /// When the leaf ends, as an RFC 3339 date such as `2027-11-21`; `None` where nobody read the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
}

/// One host, as peers know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FederationHost {
    /// What peers dial.
    pub address: HostAddr,
    /// The ports that peers dial; those of Ray, and of services that are opened to nobody, are the party's own.
    pub ports: BTreeMap<Role, PortRanges>,
    /// The ports of each SPU, in the order of the slots; empty where those of `spu` count them off by name, each SPU
    /// with one per slot.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub spus: BTreeMap<DeviceName, PortRanges>,
    /// Who may dial the port of a service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peers: BTreeMap<Role, BTreeSet<PartyName>>,
}

impl FederationHost {
    /// Every range of ports with its role.
    pub fn port_ranges(&self) -> impl Iterator<Item = (&Role, PortRange)> {
        port_ranges(&self.ports)
    }
}

/// Every range with its role: a listener that went on at another place has several.
pub(super) fn port_ranges(
    ports: &BTreeMap<Role, PortRanges>,
) -> impl Iterator<Item = (&Role, PortRange)> {
    ports.iter().flat_map(|(role, ports)| ports.ranges().iter().map(move |range| (role, *range)))
}

/// An SPU: a virtual machine whose memory is shared among its parties in secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spu {
    /// Its parties in the order of their ranks.
    pub parties: Vec<PartyName>,
    /// MPC protocol, as SPU spells it.
    pub protocol: String,
    /// Ring, as SPU spells it.
    pub field: String,
    /// Further fields of `RuntimeConfig`, messages as objects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runtime_config: BTreeMap<String, serde_json::Value>,
    /// `link_desc` of `sf.SPU`, by option name.
    pub link_desc: BTreeMap<String, serde_json::Value>,
}

/// An HEU: homomorphic encryption with one key keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heu {
    /// The party that holds the secret key.
    pub sk_keeper: PartyName,
    /// The parties that compute on what is encrypted.
    pub evaluators: Vec<PartyName>,
    /// Ring of the SPUs to which it converts, as SPU spells it.
    pub field: String,
    /// Fraction bits of the SPUs with that ring, where they are not SPU's default: both scale numbers alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction_bits: Option<i64>,
    /// `mode`, `he_parameters` and the like of `sf.HEU`.
    pub config: serde_json::Value,
}

impl Heu {
    /// The parties that take part.
    pub fn parties(&self) -> impl Iterator<Item = &PartyName> {
        std::iter::once(&self.sk_keeper).chain(&self.evaluators)
    }
}

/// A job, as far as all of its parties must agree on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FederationJob {
    /// Its parties.
    pub parties: BTreeSet<PartyName>,
    /// How many runs of it may be under way at once.
    pub slots: u16,
    /// What it runs.
    pub program: Program,
}

/// What a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Program {
    /// A Python script, the same at every party.
    Script {
        /// Path, relative to the folder of the topology.
        path: String,
        /// Its arguments; placeholders are not filled in yet, since some differ from party to party.
        args: Vec<String>,
    },
    /// The embedded runtime's sum of one private number per party.
    Sum,
    /// Ports only: something else starts it.
    External,
}

/// How a device's link is named in `links`, in tables, and where a gateway is to carry it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// SecretFlow's cross-silo link, or the embedded runtime's.
    Sf,
    /// The link of one SPU.
    Spu(DeviceName),
}

/// The bytes of `federation.json`, whose SHA-256 is the plan digest.
#[must_use]
pub fn federation_bytes(federation: &Federation) -> Vec<u8> {
    json_bytes(federation)
}

impl Federation {
    /// The host on which a party's launcher, driver and SPU nodes live: the one that peers dial.
    #[must_use]
    pub fn main_host(&self, party: &PartyName) -> Option<(&HostName, &FederationHost)> {
        let has_links =
            |host: &FederationHost| host.ports.keys().any(|role| !matches!(role, Role::Service(_)));
        self.parties.get(party)?.hosts.iter().find(|(_, host)| has_links(host))
    }
}

/// Where a link of a peer is dialled: slot `n` at `first + n` and, beyond `last`, in the ranges of `more`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkAddress {
    /// The machine to dial.
    pub host: HostAddr,
    /// Port of slot 0.
    pub first: Port,
    /// Port of the last slot, or of the last one of the first range.
    pub last: Port,
    /// The ranges in which further slots go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<PortRange>,
    /// The ports on which the own party listens, one per slot, if those are others than its peers dial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<PortRange>,
}

impl LinkAddress {
    /// The link at these ports of a machine, one per slot.
    #[must_use]
    pub fn new(host: HostAddr, ports: &PortRanges) -> Self {
        let [first, more @ ..] = ports.ranges() else { unreachable!("a listener has a port") };
        let (first, last) = (first.first(), first.last());
        Self { host, first, last, more: more.to_vec(), listen: Vec::new() }
    }

    /// The ports, one per slot.
    pub fn ports(&self) -> Result<PortRanges, PortError> {
        let first = PortRange::new(self.first, self.last)?;
        let all = std::iter::once(first).chain(self.more.iter().copied());
        Ok(PortRanges::new(all).expect("there is a first range"))
    }

    /// The port of one slot, `None` where the peer has fewer slots.
    #[must_use]
    pub fn port(&self, slot: u16) -> Option<Port> {
        self.ports().ok()?.nth(slot)
    }

    /// The port on which the own party listens for one slot, `None` where it has fewer slots.
    #[must_use]
    pub fn listen_port(&self, slot: u16) -> Option<Port> {
        match PortRanges::new(self.listen.iter().copied()) {
            Ok(own) => own.nth(slot),
            Err(_) => self.port(slot),
        }
    }
}
