//! `PORTS.md`: the port plan as tables, for reviewers and firewall teams.

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::{
    plan::Effect,
    types::{HostName, PartyName, PortRange, Role},
};

use super::{
    artifact::{File, Files, Kind, OfTree},
    firewall_forms::{Forms, Opening, forms},
    reach::{Audience, Site, published, purpose},
    scene::{PartyScene, TreeScene},
    source::{Readers, Source},
};

pub(super) const ARTIFACT: Kind<OfTree> =
    Kind { templates: &[TEMPLATE, HOST], effect: Effect::Read, files };

const TEMPLATE: Source = Source {
    name: "PORTS.md.hbs",
    text: include_str!("../../templates/PORTS.md.hbs"),
    makes: "PORTS.md",
    purpose: "the ports of all parties, for reviewers and firewall teams",
    readers: Readers::People,
    view: || schema_for!(View),
};

/// Filled in host by host: the views of a thousand hosts would take more memory than all else.
const HOST: Source = Source {
    name: "PORTS.host.md.hbs",
    text: include_str!("../../templates/PORTS.host.md.hbs"),
    makes: "PORTS.md",
    purpose: "the ports of one host, for each host after the head of the file",
    readers: Readers::People,
    view: || schema_for!(HostView),
};

#[derive(Serialize, JsonSchema)]
struct View {
    /// The name of the topology.
    topology: String,
}

/// The ports of one host of one party.
#[derive(Serialize, JsonSchema)]
struct HostView {
    /// The party.
    party: String,
    /// Its host.
    host: String,
    /// The address that peers dial.
    address: String,
    /// Its ports, the lowest first.
    rows: Vec<Row>,
    /// Who may come in, by address.
    openings: Vec<Opening>,
    /// The same as commands of other firewalls; none for containers on a bridge.
    commands: Vec<String>,
}

/// The ports of one role.
#[derive(Serialize, JsonSchema)]
struct Row {
    /// The number, or the first and the last one.
    ports: String,
    /// What they are for, as the lock calls it.
    role: String,
    /// Who dials them.
    dialled_by: String,
    /// What listens there, in words.
    purpose: &'static str,
}

fn files(tree: &TreeScene<'_>) -> Files {
    let scene = tree.scene;
    let view = View { topology: scene.federation.topology.to_string() };
    let mut text = scene.fill(TEMPLATE, &view)?;
    for plan in tree.parties.values() {
        let party = PartyScene::new(scene, tree.groups, plan);
        for name in plan.hosts.keys() {
            text += &scene.fill(HOST, &host_view(&party, name))?;
        }
    }
    Ok(vec![File::new("PORTS.md", text)])
}

fn host_view(party: &PartyScene<'_>, name: &HostName) -> HostView {
    let (plan, host) = (party.plan, &party.plan.hosts[name]);
    let mut ports: Vec<_> = host.port_ranges().collect();
    ports.sort_by_key(|(_, range)| range.first());
    let site = Site::of(party.scene.federation, plan, name);
    let rows = ports.into_iter().map(|(role, range)| Row {
        ports: range.to_string(),
        role: role.to_string(),
        dialled_by: dialled_by(site, (role, range)),
        purpose: purpose(role),
    });
    let Forms { openings, commands } = forms(party, name);
    HostView {
        party: plan.party.to_string(),
        host: name.to_string(),
        address: host.address.bare(),
        rows: rows.collect(),
        openings,
        commands,
    }
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
