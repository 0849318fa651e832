//! `<party>/<host>/<party>.env`: the variables that programs of the seeds read.
//!
//! systemd, Compose, shells, python-dotenv and `docker run` read env files in five dialects; they agree on values
//! without quotes from a small set of characters, so a value outside it is refused.

use serde::Serialize;

use crate::{
    plan::Mode,
    types::{PortRange, RayPort, Role},
};

use super::{File, Files, Kind, OfHost, engine::Source, scene::HostScene};

pub(super) const ARTIFACT: Kind<OfHost> = Kind { templates: &[TEMPLATE], files };

const TEMPLATE: Source = Source {
    name: "party/host/party.env.hbs",
    text: include_str!("../../templates/party/host/party.env.hbs"),
};

const RULE: &str = "values are made of letters, digits and `_./:@%+,=-[]`, which all readers of env files read alike";

#[derive(Serialize)]
struct View {
    party: String,
    host: String,
    variables: Vec<Variable>,
}

/// One line of the file.
#[derive(Serialize)]
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) value: String,
}

fn files(host: &HostScene<'_>) -> Files {
    let variables = variables(host);
    if variables.is_empty() {
        return Ok(Vec::new());
    }
    for Variable { name, value } in &variables {
        if !is_read_alike(value) {
            return Err(host.refuse("an env file", format!("variable {name}"), value, RULE));
        }
    }
    let party = host.plan().party.to_string();
    let path = format!("{party}.env");
    let view = View { party, host: host.name.to_string(), variables };
    Ok(vec![File::new(path, host.fill(TEMPLATE, &view)?)])
}

/// Brackets, of IPv6 addresses with a port, are as plain as the rest: no reader expands patterns in a value.
fn is_read_alike(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@%+,=-[]".contains(c))
}

/// The variables of a host; none with the embedded runtime, which has no such programs.
pub(super) fn variables(scene: &HostScene<'_>) -> Vec<Variable> {
    let (plan, host) = (scene.plan(), scene.host);
    let mut variables = Vec::new();
    if plan.secretflow.is_none() {
        return variables;
    }
    let mut set = |name, value: String| variables.push(Variable { name, value });
    set("NODE_ID", plan.party.to_string());
    set("NODE_IP", host.address.bare());
    let app_env = if plan.mode == Mode::Production { "production" } else { "simulation" };
    set("APP_ENV", app_env.to_owned());
    if let Some(ray) = &host.ray {
        let gcs = host.port(&Role::Ray(RayPort::Gcs));
        set("RAY_NODE_TYPE", if ray.join.is_none() { "head" } else { "worker" }.to_owned());
        let own = gcs.map(|port| format!("{}:{port}", host.address));
        if let Some(head) = ray.join.clone().or(own) {
            set("RAY_HEAD_ADDRESS", head);
        }
        if let Some(port) = gcs {
            set("RAY_PORT", port.to_string());
        }
        set("RAY_NUM_CPUS", ray.cpus.to_string());
        set("RAY_OBJECT_STORE_MEMORY", ray.object_store.bytes().to_string());
    }
    // Ray reads these two, and has no flags for them.
    for (port, name) in [
        (RayPort::AutoscalerMetrics, "AUTOSCALER_METRIC_PORT"),
        (RayPort::DashboardMetrics, "DASHBOARD_METRIC_PORT"),
    ] {
        if let Some(port) = host.port(&Role::Ray(port)) {
            set(name, port.to_string());
        }
    }
    for (role, first, last) in [
        (Role::Sf, "SF_PORT_RANGE_START", "SF_PORT_RANGE_END"),
        (Role::Spu, "SPU_PORT_RANGE_START", "SPU_PORT_RANGE_END"),
        (Role::Heu, "HEU_PORT_RANGE_START", "HEU_PORT_RANGE_END"),
    ] {
        if let Some(range) = host.ports.get(&role).copied() {
            set(first, range.first().to_string());
            set(last, PortRange::last(range).to_string());
        }
    }
    if let Some(port) = host.port(&Role::Service("redis".to_owned())) {
        set("REDIS_HOST", "127.0.0.1".to_owned());
        set("REDIS_PORT", port.to_string());
    }
    variables
}

#[cfg(test)]
mod tests {
    use crate::render::{RenderError, samples};

    #[test]
    fn the_env_file_has_the_variables_of_the_seeds() {
        let tree = samples::production().render().unwrap();
        let text = |path: &str| String::from_utf8(tree.get(path).unwrap().bytes.clone()).unwrap();
        insta::assert_snapshot!(text("alice/alice-1/alice.env"));
        assert!(text("carol/carol-2/carol.env").contains("RAY_NODE_TYPE=worker\n"));
    }

    #[test]
    fn a_value_that_readers_disagree_on_names_party_host_and_variable() {
        let mut sample = samples::production();
        let carol = sample.parties.get_mut(&"carol".parse().unwrap()).unwrap();
        let host = carol.hosts.get_mut(&"carol-2".parse().unwrap()).unwrap();
        host.ray.as_mut().unwrap().join = Some("$HOME".into());
        let why = sample.render().unwrap_err();
        assert!(matches!(why, RenderError::Value(_)));
        let text = why.to_string();
        assert!(
            text.starts_with("carol, host carol-2: variable RAY_HEAD_ADDRESS cannot be"),
            "{text}"
        );
    }
}
