//! `PORTS.md`: the port plan as tables, for reviewers and firewall teams.

use serde::Serialize;

use crate::{
    plan::Effect,
    types::{PartyName, PortRange, Role},
};

use super::{
    artifact::{File, Files, Kind, OfTree},
    engine::Source,
    reach::{Audience, Site, published, purpose},
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
    let hosts = tree
        .parties
        .values()
        .flat_map(|plan| plan.hosts.iter().map(move |(name, host)| (plan, name, host)));
    let tables = hosts.map(|(plan, name, host)| {
        let mut ports: Vec<_> = host.port_ranges().collect();
        ports.sort_by_key(|(_, range)| range.first());
        let site = Site::of(scene.federation, plan, name);
        let rows = ports.into_iter().map(|(role, range)| Row {
            ports: range.to_string(),
            role: role.to_string(),
            dialled_by: dialled_by(site, (role, range)),
            purpose: purpose(role),
        });
        let (party, host_name) = (plan.party.to_string(), name.to_string());
        Table { party, host: host_name, address: host.address.bare(), rows: rows.collect() }
    });
    let view = View { topology: scene.federation.topology.to_string(), tables: tables.collect() };
    Ok(vec![File::new("PORTS.md", scene.fill(TEMPLATE, &view)?)])
}

/// Who dials the ports, and under which numbers where others are passed on to them.
fn dialled_by(site: Site<'_>, ports: (&Role, PortRange)) -> String {
    let audience = match site.audience(ports) {
        Audience::Named => {
            let names: Vec<_> = site.named(ports.0).map(PartyName::as_str).collect();
            format!("{}, own hosts", names.join(", "))
        }
        other => other.to_string(),
    };
    let outside = site.outside(ports).map(|outside| format!("{audience}, as {outside} outside"));
    let published = published(site.plan, ports.1).filter_map(|mapping| mapping.machine);
    published.fold(outside.unwrap_or(audience), |text, machine| {
        format!("{text}, as {machine} of the machine")
    })
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
