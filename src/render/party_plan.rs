//! `<party>/plan.json`, and the lists of packages that are installed for the party: `<party>/requirements.txt` and, where the
//! topology asks for more, `packages-hashed.txt`, `packages.txt` and `constraints.txt`.

use crate::{
    catalogue::pins,
    plan::{
        CONSTRAINTS, Effect, HostPlan, PackageList, PlannedPackage, Requirements, SoftwarePlan,
    },
};

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
    let Requirements { runtime, with_dashboard } = party.scene.requirements;
    // Ray's dashboard needs packages that a Ray node without one does not.
    let has_dashboard =
        |host: &HostPlan| host.ray.as_ref().is_some_and(|ray| ray.dashboard.is_some());
    let requirements =
        if party.plan.hosts.values().any(has_dashboard) { with_dashboard } else { runtime };
    let software = party.plan.secretflow.as_ref().map(|secretflow| &secretflow.software);
    let mut files = Vec::new();
    for list in software.into_iter().flat_map(SoftwarePlan::lists) {
        if list == PackageList::Runtime {
            files.push(File::shared(list.file(), requirements.clone()));
            continue;
        }
        let lines = software.into_iter().flat_map(|software| software.of(list)).map(line);
        files.push(File::new(list.file(), lines.collect::<String>()));
    }
    if files.iter().any(|file| file.path == PackageList::Bare.file()) {
        let (pins, _) = pins(&String::from_utf8_lossy(requirements));
        let versions = pins.iter().map(|pin| format!("{}\n", pin.package));
        files.push(File::new(CONSTRAINTS, versions.collect::<String>()));
    }
    Ok(files)
}

/// A package as pip reads it.
fn line(planned: &PlannedPackage) -> String {
    let package = planned.package.to_string();
    let hashes = planned.hashes.iter().map(|hash| format!("--hash={hash}"));
    let parts: Vec<String> = [package].into_iter().chain(hashes).collect();
    format!("{}\n", parts.join(" \\\n    "))
}
