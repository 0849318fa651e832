//! What an artifact may look at: the whole federation, one party of it, or one of its hosts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    plan::{Federation, Groups, HostPlan, PartyPlan, Requirements},
    types::{HostAddr, HostName, PartyName, Role},
};

use super::{engine::Engine, error::RenderError, source::Source};

/// The whole federation, and what its artifacts are made with.
pub(super) struct Scene<'a> {
    pub(super) federation: &'a Federation,
    /// The address that every host of every party has itself.
    pub(super) addresses: &'a BTreeSet<HostAddr>,
    pub(super) ca_pems: &'a BTreeMap<PartyName, String>,
    pub(super) requirements: &'a Requirements,
    pub(super) engine: &'a Engine,
}

/// The federation with the plans of all its parties.
pub(super) struct TreeScene<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) parties: &'a BTreeMap<PartyName, PartyPlan>,
    /// Who shares what with whom.
    pub(super) groups: &'a Groups<'a>,
}

/// One party.
pub(super) struct PartyScene<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) plan: &'a PartyPlan,
    /// The parties that share a device or a job with it.
    pub(super) peers: BTreeSet<&'a PartyName>,
    /// Those of them that share an SPU with it.
    pub(super) spu_peers: BTreeSet<&'a PartyName>,
    /// The services of other parties that it may dial: whose, on which host, and the port.
    pub(super) services: Vec<(&'a PartyName, &'a HostName, &'a Role)>,
}

/// One host of a party.
pub(super) struct HostScene<'a> {
    pub(super) party: &'a PartyScene<'a>,
    pub(super) name: &'a HostName,
    pub(super) host: &'a HostPlan,
}

impl Scene<'_> {
    /// Fills in a template.
    pub(super) fn fill(
        &self,
        source: Source,
        view: &impl Serialize,
    ) -> Result<String, RenderError> {
        self.engine.fill(source, view)
    }
}

impl<'a> PartyScene<'a> {
    /// The party of `plan` among those of `groups`.
    pub(super) fn new(scene: &'a Scene<'a>, groups: &Groups<'a>, plan: &'a PartyPlan) -> Self {
        let (peers, spu_peers) = (groups.peers(&plan.party), groups.spu_peers(&plan.party));
        let services = groups.membership(&plan.party).map(|own| own.services.clone());
        Self { scene, plan, peers, spu_peers, services: services.unwrap_or_default() }
    }
}

impl<'a> HostScene<'a> {
    pub(super) fn plan(&self) -> &'a PartyPlan {
        self.party.plan
    }

    pub(super) fn federation(&self) -> &'a Federation {
        self.party.scene.federation
    }

    /// Whether the driver and the devices live here.
    pub(super) fn is_main(&self) -> bool {
        *self.name == self.plan().main_host
    }

    /// Fills in a template.
    pub(super) fn fill(
        &self,
        source: Source,
        view: &impl Serialize,
    ) -> Result<String, RenderError> {
        self.party.scene.fill(source, view)
    }
}
