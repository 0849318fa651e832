//! The programs of the party's services are installed.

use camino::Utf8Path;

use super::machine::{Machine, Probe};
use crate::{
    catalogue::packages_of,
    diag::{Code, Finding},
    fs,
    plan::{Deploy, Locations, ProcessKind, located},
};

pub(super) const PROBE: Probe = Probe { name: "programs of services", run };

/// These come with the environment that the launcher makes for SecretFlow.
const OF_THE_RUNTIME: [&str; 4] = ["python", "python3", "ray", "pip"];

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    // Units and containers have a PATH of their own.
    if machine.plan.deploy != Deploy::Process {
        return Vec::new();
    }
    let processes = machine.host_plan().into_iter().flat_map(|host| &host.processes);
    let services = processes.filter(|process| process.kind == ProcessKind::Service);
    let missing = services.filter_map(|service| {
        // What lies in a folder is looked for from the folder of the topology, as the launcher does.
        let program = &located(service.command.first()?, &Locations::new());
        if is_in_environment(machine, program) || is_installed(machine, program) {
            return None;
        }
        let message = format!("service `{}` needs `{program}`, which is not here", service.name);
        Some(Finding::error(Code("SF0849"), message).help(if program.contains('/') {
            "install it there, or name it without a folder to have it found on PATH"
        } else {
            "install it, or put its folder on PATH"
        }))
    });
    missing.collect()
}

/// Whether the program comes with the environment that the launcher makes: with SecretFlow, or with a package beside it.
fn is_in_environment(machine: &Machine<'_>, program: &str) -> bool {
    let Some(secretflow) = &machine.plan.secretflow else { return false };
    let brought = packages_of(&[program.to_owned()]);
    let mut listed = secretflow.software.packages.iter();
    let is_listed = listed.any(|planned| {
        let name = planned.package.normal_name();
        brought.iter().any(|package| package.eq_ignore_ascii_case(&name))
    });
    OF_THE_RUNTIME.contains(&program) || is_listed
}

fn is_installed(machine: &Machine<'_>, program: &str) -> bool {
    if program.contains('/') {
        return fs::is_program(&machine.path(Utf8Path::new(program)));
    }
    let path = machine.env.get("PATH").map_or("", String::as_str);
    path.split(':').any(|folder| fs::is_program(&Utf8Path::new(folder).join(program)))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};
    use crate::plan::Process;

    #[test]
    fn a_program_is_looked_for_where_its_service_will_look() {
        let mut sample = Sample::new();
        for (name, program) in [("shell", "sh"), ("redis", "no-such-server"), ("web", "bin/web")] {
            let service = serde_json::json!({
                "name": name, "kind": "service", "command": [program], "account": "caller",
                "grace": "10s", "joins_ray": false,
            });
            let service: Process = serde_json::from_value(service).unwrap();
            sample.host().processes.push(service);
        }
        sample.env.insert("PATH".into(), "/usr/bin:/bin".into());
        assert_eq!(
            sample.messages(&PROBE),
            [
                "SF0849 service `redis` needs `no-such-server`, which is not here",
                "SF0849 service `web` needs `bin/web`, which is not here",
            ]
        );
    }
}
