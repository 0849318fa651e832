//! What an artifact may look at: the whole federation, one party of it, or one of its hosts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    plan::{Federation, Groups, HostPlan, PartyPlan},
    types::{HostName, PartyName},
};

use super::{
    engine::{Engine, Source},
    error::RenderError,
};

/// All that there is.
pub(super) struct Scene<'a> {
    pub(super) federation: &'a Federation,
    /// Who meets whom in it.
    pub(super) groups: &'a Groups<'a>,
    pub(super) parties: &'a BTreeMap<PartyName, PartyPlan>,
    pub(super) ca_pems: &'a BTreeMap<PartyName, String>,
    pub(super) requirements: &'a str,
    pub(super) engine: &'a Engine,
}

/// One party.
pub(super) struct PartyScene<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) plan: &'a PartyPlan,
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
