//! `federation.json`, `nodes.json` and `sf_party.py`: what all parties read.

use serde::Serialize;

use crate::{
    plan::{Effect, FederationRuntime, federation_bytes},
    types::{Port, Role},
};

use super::{
    artifact::{File, Files, Kind, OfTree},
    scene::TreeScene,
};

pub(super) const FEDERATION: Kind<OfTree> =
    Kind { templates: &[], effect: Effect::Restart, files: federation };
pub(super) const NODES: Kind<OfTree> = Kind { templates: &[], effect: Effect::Read, files: nodes };
pub(super) const SF_PARTY: Kind<OfTree> =
    Kind { templates: &[], effect: Effect::Restart, files: sf_party };

fn federation(tree: &TreeScene<'_>) -> Files {
    Ok(vec![File::new("federation.json", federation_bytes(tree.scene.federation))])
}

/// A node as task workers read it (`docs/runtime.md`, Task workers); the ports are those of slot 0.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "task workers read these keys")]
struct Node {
    node_id: String,
    node_ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sf_port: Option<Port>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spu_port: Option<Port>,
}

fn nodes(tree: &TreeScene<'_>) -> Files {
    if !is_secretflow(tree) {
        return Ok(Vec::new());
    }
    let nodes = tree.parties.values().map(|plan| {
        let host = plan.main();
        let known = tree.scene.federation.main_host(&plan.party);
        let dialled = |role| Some(known?.1.ports.get(role)?.first());
        Node {
            node_id: plan.runtime_name(&plan.party).to_string(),
            node_ip: host.address.bare(),
            sf_port: dialled(&Role::Sf),
            spu_port: dialled(&Role::Spu),
        }
    });
    Ok(vec![File::json("nodes.json", &nodes.collect::<Vec<_>>())])
}

/// Not a template: jobs import it, so it is the same everywhere.
fn sf_party(tree: &TreeScene<'_>) -> Files {
    if !is_secretflow(tree) {
        return Ok(Vec::new());
    }
    Ok(vec![File::new("sf_party.py", include_str!("../../templates/sf_party.py"))])
}

fn is_secretflow(tree: &TreeScene<'_>) -> bool {
    matches!(tree.scene.federation.runtime, FederationRuntime::Secretflow { .. })
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    #[test]
    fn the_node_list_has_the_four_keys_that_task_workers_read() {
        let tree = samples::production().render().unwrap();
        let nodes = String::from_utf8(tree.get("nodes.json").unwrap().bytes.to_vec()).unwrap();
        insta::assert_snapshot!(nodes);
    }
}
