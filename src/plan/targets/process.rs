//! `deploy "process"`: the launcher starts everything itself, in the folders that its machine has for that.

use crate::{
    plan::{Action, Locations, RunsAs, Stage, Step},
    types::{MachinePath, SecretName},
};

use super::target::{Reader, Scope, Target};

pub(super) const TARGET: Target = Target {
    account: |_| RunsAs::Caller,
    launcher_account: |_| RunsAs::Caller,
    locations: |_| Locations::new(),
    launcher_locations: |_| Locations::new(),
    secret,
    identity: |_, _| None,
    steps,
};

/// Nothing hides the file.
fn secret(_: Reader<'_>, _: &SecretName, file: &MachinePath) -> MachinePath {
    file.clone()
}

fn steps(scope: &Scope<'_>) -> Vec<Step> {
    let host = (*scope.host_name != scope.plan.main_host).then(|| scope.host_name.clone());
    let start = Action::StartLauncher { party: scope.plan.party.clone(), host };
    scope.firewall().into_iter().chain([Step { stage: Stage::Start, action: start }]).collect()
}
