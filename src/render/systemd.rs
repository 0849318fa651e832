//! `<party>/<host>/systemd/`: a target, and a unit for the Ray node and for each service.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::plan::{Deploy, ServicePlan};
use crate::types::{Account, Home, Port, Span};

use super::{
    Effect, File, Files, Kind, OfHost,
    engine::Source,
    env,
    error::RenderError,
    names::{env_file_path, runtime_dir, target_unit, unit},
    scene::HostScene,
};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TARGET, UNIT], effect: Effect::Install, files };

const TARGET: Source = Source {
    name: "party/host/systemd/party.target.hbs",
    text: include_str!("../../templates/party/host/systemd/party.target.hbs"),
};
const UNIT: Source = Source {
    name: "party/host/systemd/unit.service.hbs",
    text: include_str!("../../templates/party/host/systemd/unit.service.hbs"),
};

/// Ray ends all of its children within 2 s of SIGTERM (2.42, measured); a loaded machine gets more.
const RAY_GRACE: Span = Span::seconds(20);

const PROGRAM_RULE: &str =
    "env(1), which finds programs by name, takes `-` in front for an option and `=` for a variable";

#[derive(Serialize)]
struct TargetView<'a> {
    party: &'a str,
    topology: &'a str,
    units: &'a [String],
}

/// One unit.
#[derive(Serialize)]
struct UnitView<'a> {
    service: &'a str,
    party: &'a str,
    topology: &'a str,
    target: &'a str,
    after: Vec<String>,
    user: &'a str,
    home: &'a str,
    /// Homes below `/home` and the like are hidden, so this one is bound back in.
    is_home_hidden: bool,
    env_file: Option<String>,
    environment: Vec<String>,
    exec: Vec<String>,
    ready: Option<Port>,
    grace: String,
    /// Ray's folder below `/run`; the Ray node owns it.
    owned_run: Option<&'a str>,
    /// The same for programs that join the node: they write into it, and find the node in `/proc`.
    joined_run: Option<&'a str>,
}

/// What all units of a host have in common.
struct Units<'a> {
    scene: &'a HostScene<'a>,
    party: String,
    topology: String,
    target: String,
    user: &'a str,
    home: &'a str,
    run: String,
    /// What the env file sets, and so wins over `Environment=`.
    preset: BTreeSet<&'static str>,
}

fn files(scene: &HostScene<'_>) -> Files {
    let Deploy::Systemd { user, home } = &scene.plan().deploy else { return Ok(Vec::new()) };
    let refuse = |what, value: &str, rule| Err(scene.refuse("a systemd unit", what, value, rule));
    if user.parse::<Account>().is_err() {
        return refuse("the user", user, Account::RULE);
    }
    if home.parse::<Home>().is_err() {
        return refuse("the home folder", home, Home::RULE);
    }
    let (topology, party) = (&scene.federation().topology, &scene.plan().party);
    let units = Units {
        scene,
        party: party.to_string(),
        topology: topology.to_string(),
        target: target_unit(topology, party),
        user,
        home: home.trim_end_matches('/'),
        run: runtime_dir(topology, party),
        preset: env::variables(scene).iter().map(|variable| variable.name).collect(),
    };
    let mut made = Vec::new();
    if let Some(view) = units.ray() {
        made.push((unit(topology, party, "ray"), scene.fill(UNIT, &view)?));
    }
    for service in &scene.host.services {
        let view = units.service(service)?;
        made.push((unit(topology, party, service.name.as_str()), scene.fill(UNIT, &view)?));
    }
    let names: Vec<_> = made.iter().map(|(name, _)| name.clone()).collect();
    let view = TargetView { party: &units.party, topology: &units.topology, units: &names };
    made.push((units.target.clone(), scene.fill(TARGET, &view)?));
    Ok(made.into_iter().map(|(name, text)| File::new(format!("systemd/{name}"), text)).collect())
}

impl Units<'_> {
    fn ray(&self) -> Option<UnitView<'_>> {
        let command = self.scene.host.ray_command(&format!("/run/{}", self.run))?;
        let mut exec = command.args;
        exec[0] = format!("{}/venv/bin/ray", self.home);
        Some(UnitView {
            exec,
            ready: self.scene.host.ray_ready(),
            grace: seconds(RAY_GRACE),
            owned_run: Some(&self.run),
            // The two variables of the command are in the env file already.
            ..self.common("ray")
        })
    }

    fn service<'a>(&'a self, service: &'a ServicePlan) -> Result<UnitView<'a>, RenderError> {
        let (topology, party) = (&self.scene.federation().topology, &self.scene.plan().party);
        let joins_ray = service.after.iter().any(|after| after == "ray");
        let (forced, environment) = service
            .env
            .iter()
            .map(|(name, value)| (name, format!("{name}={value}")))
            .partition::<Vec<_>, _>(|(name, _)| self.preset.contains(name.as_str()));
        let own = |(_, assignment): (&String, String)| assignment;
        Ok(UnitView {
            after: service.after.iter().map(|after| unit(topology, party, after)).collect(),
            environment: environment.into_iter().map(own).collect(),
            exec: self.exec(service, forced.into_iter().map(own).collect())?,
            ready: service.ready,
            grace: seconds(service.grace),
            joined_run: joins_ray.then_some(self.run.as_str()),
            ..self.common(service.name.as_str())
        })
    }

    fn common<'a>(&'a self, service: &'a str) -> UnitView<'a> {
        let (topology, party) = (&self.scene.federation().topology, &self.scene.plan().party);
        UnitView {
            service,
            party: &self.party,
            topology: &self.topology,
            target: &self.target,
            after: Vec::new(),
            user: self.user,
            home: self.home,
            is_home_hidden: ["/home/", "/root/", "/run/user/"]
                .iter()
                .any(|hidden| format!("{}/", self.home).starts_with(hidden)),
            env_file: (!self.preset.is_empty()).then(|| env_file_path(topology, party)),
            environment: Vec::new(),
            exec: Vec::new(),
            ready: None,
            grace: String::new(),
            owned_run: None,
            joined_run: None,
        }
    }

    /// The command line, its program an absolute path: env(1) looks up names in the unit's `PATH`, where the virtual
    /// environment comes first, and sets what would lose against the env file.
    fn exec(&self, service: &ServicePlan, forced: Vec<String>) -> Result<Vec<String>, RenderError> {
        let mut command = service.command.clone();
        let Some(program) = command.first_mut() else { return Ok(command) };
        if !program.starts_with('/') && program.contains('/') {
            *program = format!("{}/{program}", self.home);
        }
        // systemd has rules of its own for the name of a program: no `$$`, no quotes, no backslashes.
        if program.starts_with('/') && program.chars().all(is_plain) && forced.is_empty() {
            return Ok(command);
        }
        if program.is_empty() || program.starts_with('-') || program.contains('=') {
            let what = format!("the program of service {}", service.name);
            return Err(self.scene.refuse("a systemd unit", what, program, PROGRAM_RULE));
        }
        Ok([vec!["/usr/bin/env".to_owned()], forced, command].concat())
    }
}

/// A span as systemd and Compose both read it; neither knows the other's longer units.
pub(super) fn seconds(span: Span) -> String {
    let millis = span.millis();
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./@+-".contains(c)
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    #[test]
    fn ray_and_a_worker_become_hardened_units_of_one_target() {
        let tree = samples::production().render().unwrap();
        let text = |name: &str| {
            let path = format!("alice/alice-1/systemd/sfgen-credit-risk-alice{name}");
            String::from_utf8(tree.get(&path).unwrap().bytes.clone()).unwrap()
        };
        insta::assert_snapshot!(
            [text(".target"), text("-ray.service"), text("-worker.service")].join("\n")
        );
    }

    #[test]
    fn a_variable_that_the_env_file_sets_too_is_won_by_the_service() {
        let tree = samples::production().with_env("APP_ENV", "50% $a \"b\"").render().unwrap();
        let path = "alice/alice-1/systemd/sfgen-credit-risk-alice-worker.service";
        let text = String::from_utf8(tree.get(path).unwrap().bytes.clone()).unwrap();
        let exec = r#"ExecStart="/usr/bin/env" "APP_ENV=50%% $$a \"b\"" "python" "#;
        assert!(text.contains(exec), "{text}");
        assert!(!text.contains("Environment=\"APP_ENV"), "{text}");
    }

    #[test]
    fn a_folder_that_units_read_in_several_ways_is_refused() {
        for home in ["opt/sf", "/opt/my sf", "/opt/%h", "/opt/a\nExecStart=/bin/sh", "/"] {
            let why = samples::production().with_home(home).render().unwrap_err().to_string();
            assert!(why.starts_with("alice, host alice-1: the home folder cannot be"), "{why}");
        }
    }

    #[test]
    fn a_home_below_a_hidden_folder_is_bound_back_in() {
        let tree = samples::production().with_home("/home/sf").render().unwrap();
        let path = "alice/alice-1/systemd/sfgen-credit-risk-alice-ray.service";
        let text = String::from_utf8(tree.get(path).unwrap().bytes.clone()).unwrap();
        assert!(text.contains("ProtectHome=tmpfs\nBindPaths=/home/sf\n"), "{text}");
    }
}
