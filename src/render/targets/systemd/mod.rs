//! `deploy "systemd"`: a target and units per host.

mod files;
mod units;

use std::collections::BTreeSet;

use crate::{
    plan::{Deploy, Process, VENV, env_file_path, located, target_unit, unit},
    render::{command::Command, scene::PartyScene},
    types::{JobName, ProcessName},
};

use super::target::Target;

pub(super) const TARGET: Target = Target { artifacts: &[&units::UNITS], run_job, watch, look };

/// By the party's launcher; where it has none, as a unit of its own for one run, with the account, folder and environment
/// that the party's units have.
fn run_job(scene: &PartyScene<'_>, job: &JobName, process: &Process) -> Command {
    let (plan, host) = (scene.plan, scene.plan.main());
    if host.process(&ProcessName::Launcher).is_some() {
        let party = plan.party.as_str();
        return Command::new(["sudo", "sfgen", "run", job.as_str(), "--party", party]);
    }
    let located = |word| located(word, &host.locations);
    let mut words: Vec<String> =
        ["sudo", "systemd-run", "--wait", "--pipe", "--collect"].map(String::from).into();
    let mut property =
        |name: &str, value: &str| words.extend(["-p".into(), format!("{name}={value}")]);
    if let Deploy::Systemd { user, .. } = &plan.deploy {
        property("User", user.as_str());
    }
    if let Some(folder) = process.folder.and_then(|folder| host.locations.get(&folder)) {
        property("WorkingDirectory", folder);
    }
    if !host.variables.is_empty() {
        let file = env_file_path(&scene.scene.federation.topology, &plan.party);
        property("EnvironmentFile", &file);
    }
    for (setting, bind) in files::renamed(process, &host.locations) {
        property(setting, &bind);
    }
    words.extend(
        process.env.iter().map(|(name, value)| format!("--setenv={name}={}", located(value))),
    );
    let mut command = process.command.iter().map(located);
    let program = command.next().unwrap_or_default();
    words.push(match &plan.deploy {
        Deploy::Systemd { home, .. } if !program.contains('/') => {
            format!("{home}/{VENV}/bin/{program}")
        }
        _ => program,
    });
    words.extend(command);
    Command::new(words)
}

/// All units of the party, by name. A pattern would name those of a party whose name is longer, too.
fn units(scene: &PartyScene<'_>) -> BTreeSet<String> {
    let (topology, party) = (&scene.scene.federation.topology, &scene.plan.party);
    let processes = scene.plan.hosts.values().flat_map(|host| &host.processes);
    let permanent = processes.filter(|process| process.is_permanent());
    permanent.map(|process| unit(topology, party, &process.name)).collect()
}

fn watch(scene: &PartyScene<'_>) -> Vec<Command> {
    let target = target_unit(&scene.scene.federation.topology, &scene.plan.party);
    let list = Command::new(["systemctl", "list-dependencies", target.as_str()]);
    let units = units(scene);
    let names = units.iter().flat_map(|unit| ["-u", unit.as_str()]);
    let follow = Command::new(["journalctl", "-f"].into_iter().chain(names));
    if units.is_empty() { vec![list] } else { vec![list, follow] }
}

fn look(scene: &PartyScene<'_>) -> Option<Command> {
    let first = units(scene).into_iter().next()?;
    Some(Command::new(["journalctl", "-u", first.as_str(), "-n", "50"]))
}
