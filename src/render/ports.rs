//! `PORTS.md`: the port plan as tables, for reviewers and firewall teams.

use serde::Serialize;

use crate::{
    plan::{Effect, Federation, HostPlan},
    types::{PortRange, Role},
};

use super::{
    artifact::{File, Files, Kind, OfTree},
    engine::Source,
    reach::{Audience, published, purpose},
    scene::TreeScene,
};

pub(super) const ARTIFACT: Kind<OfTree> =
    Kind { templates: &[TEMPLATE], effect: Effect::Read, files };

const TEMPLATE: Source =
    Source { name: "PORTS.md.hbs", text: include_str!("../../templates/PORTS.md.hbs") };

#[derive(Serialize)]
struct View {
    topology: String,
    tables: Vec<Table>,
}

/// The ports of one host of one party.
#[derive(Serialize)]
struct Table {
    party: String,
    host: String,
    address: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    ports: String,
    role: String,
    dialled_by: String,
    purpose: &'static str,
}

fn files(tree: &TreeScene<'_>) -> Files {
    let scene = tree.scene;
    let hosts = tree.parties.values().flat_map(|plan| {
        plan.hosts.iter().map(move |(name, host)| (plan.party.to_string(), name, host))
    });
    let tables = hosts.map(|(party, name, host)| {
        let mut ports: Vec<_> = host.port_ranges().collect();
        ports.sort_by_key(|(_, range)| range.first());
        let rows = ports.into_iter().map(|(role, range)| Row {
            ports: range.to_string(),
            role: role.to_string(),
            dialled_by: dialled_by(host, (role, range), scene.federation),
            purpose: purpose(role),
        });
        Table { party, host: name.to_string(), address: host.address.bare(), rows: rows.collect() }
    });
    let view = View { topology: scene.federation.topology.to_string(), tables: tables.collect() };
    Ok(vec![File::new("PORTS.md", scene.fill(TEMPLATE, &view)?)])
}

/// Who dials the ports, and under which of the machine's numbers where it passes them on.
fn dialled_by(host: &HostPlan, ports: (&Role, PortRange), federation: &Federation) -> String {
    let audience = Audience::at(host, ports, federation).to_string();
    let published = published(host, ports.1).filter_map(|mapping| mapping.machine);
    published.fold(audience, |text, machine| format!("{text}, as {machine} of the machine"))
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    #[test]
    fn every_port_has_a_row_that_says_who_dials_it() {
        let tree = samples::production().render().unwrap();
        let text = String::from_utf8(tree.get("PORTS.md").unwrap().bytes.to_vec()).unwrap();
        insta::assert_snapshot!(text);
    }
}
