//! `<party>/plan.json` and `<party>/requirements.txt`.

use std::sync::Arc;

use crate::plan::Effect;

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
    Ok(vec![File::shared("requirements.txt", Arc::clone(party.scene.requirements))])
}
