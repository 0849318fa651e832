//! `<party>/plan.json` and `<party>/requirements.txt`.

use crate::plan::{Effect, HostPlan, Requirements};

use super::{
    artifact::{File, Files, Kind, OfParty},
    scene::PartyScene,
};

pub(super) const PLAN: Kind<OfParty> =
    Kind { templates: &[], effect: Effect::Restart, files: plan };
pub(super) const REQUIREMENTS: Kind<OfParty> =
    Kind { templates: &[], effect: Effect::Restart, files: requirements };

fn plan(party: &PartyScene<'_>) -> Files {
    Ok(vec![File::json("plan.json", party.plan)])
}

fn requirements(party: &PartyScene<'_>) -> Files {
    if party.plan.secretflow.is_none() {
        return Ok(Vec::new());
    }
    let Requirements { runtime, dashboard } = party.scene.requirements;
    // Ray's dashboard needs packages that a Ray node without one does not.
    let has_dashboard =
        |host: &HostPlan| host.ray.as_ref().is_some_and(|ray| ray.dashboard.is_some());
    let more = if party.plan.hosts.values().any(has_dashboard) { dashboard.as_str() } else { "" };
    Ok(vec![File::new("requirements.txt", format!("{runtime}{more}"))])
}
