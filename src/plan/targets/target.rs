//! The form in which each target says what it does to a plan.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    plan::{
        Action, Deploy, HostPlan, Locations, PartyPlan, RunsAs, SecretUse, Stage, Step,
        names::firewall_table,
    },
    types::{HostName, MachinePath, PartyName, ProcessName, SecretName, TopologyName},
};

/// What a target knows about plans.
pub(super) struct Target {
    /// As whom programs run that bring no image.
    pub(super) account: fn(&Deploy) -> RunsAs,
    /// As whom the launcher runs, and those programs of sfgen's own that read the party's key.
    pub(super) launcher_account: fn(&Deploy) -> RunsAs,
    /// Where folders are; empty where only the machine that starts the programs can tell.
    pub(super) locations: fn(&Scope<'_>) -> Locations,
    /// Where they are for the launcher, where it is another account than the programs; else empty.
    pub(super) launcher_locations: fn(&Scope<'_>) -> Locations,
    /// Where a process reads a secret.
    pub(super) secret: fn(Reader<'_>, &SecretName, &MachinePath) -> MachinePath,
    /// How the launcher and sfgen's own programs come to read the party's key; `None` where they read the file itself.
    pub(super) identity: fn(Reader<'_>, &Utf8Path) -> Option<SecretUse>,
    /// What must be done on a host, in order.
    pub(super) steps: fn(&Scope<'_>) -> Vec<Step>,
}

/// A process that reads a secret: its topology, its party and its name.
pub(super) type Reader<'a> = (&'a TopologyName, &'a PartyName, &'a ProcessName);

/// A host of a plan.
pub(super) struct Scope<'a> {
    pub(super) topology: &'a TopologyName,
    pub(super) plan: &'a PartyPlan,
    pub(super) host_name: &'a HostName,
    pub(super) host: &'a HostPlan,
}

impl Scope<'_> {
    /// The host's folder in the tree, from the folder of the topology.
    pub(super) fn folder(&self) -> Utf8PathBuf {
        let party = self.plan.party.as_str();
        Utf8Path::new(TREE).join(party).join(self.host_name.as_str())
    }

    /// Whether the party's launcher runs on the host.
    pub(super) fn has_launcher(&self) -> bool {
        self.host.process(&ProcessName::Launcher).is_some()
    }

    /// What closes the planned ports to others; `None` where nothing listens.
    pub(super) fn firewall(&self) -> Option<Step> {
        let action = || Action::LoadFirewall {
            file: self.folder().join("firewall.nft"),
            table: firewall_table(self.topology, &self.plan.party),
        };
        let listens = !self.host.ports.is_empty();
        listens.then(|| Step { stage: Stage::Firewall, action: action() })
    }
}

/// The folder of the tree, where the commands of a runbook expect it.
pub const TREE: &str = "generated";
