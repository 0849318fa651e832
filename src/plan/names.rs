//! Names that several artifacts, and the launcher that installs them, must spell alike.

use super::PartyPlan;
use crate::types::{Account, Digest, HostName, JobName, PartyName, ProcessName, TopologyName};

/// The name of all that belongs to one party of one topology: `sfgen-credit-risk-alice`.
#[must_use]
pub fn project(topology: &TopologyName, party: &PartyName) -> String {
    format!("sfgen-{topology}-{party}")
}

/// The project of a compose file, by which Compose knows its containers and volumes. The hosts of a party may be containers
/// of one machine, so that several have a project each; no name of sfgen's has an underscore.
#[must_use]
pub fn compose_project(topology: &TopologyName, plan: &PartyPlan, host: &HostName) -> String {
    let all = project(topology, &plan.party);
    if plan.hosts.len() > 1 { format!("{all}_{host}") } else { all }
}

/// The container that owns a host's address on a bridge. No service is called so.
pub const NET_CONTAINER: &str = "sfgen_net";

/// What the unit of the launcher is called behind the name of its party.
pub const LAUNCHER: &str = "launcher";

/// The systemd unit of a process. That of a job is a template, of which each run is an instance.
#[must_use]
pub fn unit(topology: &TopologyName, party: &PartyName, process: &ProcessName) -> String {
    let project = project(topology, party);
    match process {
        ProcessName::Ray | ProcessName::Service(_) => format!("{project}-{process}.service"),
        ProcessName::Launcher => format!("{project}-{LAUNCHER}.service"),
        ProcessName::Job(job) => format!("{project}-job-{job}@.service"),
    }
}

/// The systemd unit of the socket at which the launcher starts runs of a job.
#[must_use]
pub fn job_socket_unit(topology: &TopologyName, party: &PartyName, job: &JobName) -> String {
    format!("{}-job-{job}.socket", project(topology, party))
}

/// The longest name of a file or folder below `/run` for which there is room in the path of a socket, which ends at 107
/// characters, with what the launcher puts behind it.
const RUN_NAME_MAX: usize = 60;

/// A name below `/run`, with a digest in place of one that is too long.
fn run_name(name: String) -> String {
    if name.len() <= RUN_NAME_MAX {
        name
    } else {
        format!("sfgen-{}", Digest::of(name.as_bytes()).short())
    }
}

/// The socket at which the launcher starts runs of a job.
#[must_use]
pub fn job_socket(topology: &TopologyName, party: &PartyName, job: &JobName) -> String {
    let name = format!("{}-job-{job}", project(topology, party));
    format!("/run/{}.sock", run_name(name))
}

/// The folder of an installed launcher's sockets.
#[must_use]
pub fn launcher_run_folder(topology: &TopologyName, party: &PartyName) -> String {
    format!("/run/{}", run_name(format!("{}-{LAUNCHER}", project(topology, party))))
}

/// What an installed launcher reads in place of the folder of the topology. Only root writes there.
#[must_use]
pub(super) fn launcher_root(topology: &TopologyName, party: &PartyName) -> String {
    format!("/var/lib/sfgen/{}", project(topology, party))
}

/// The account of the launcher, beside the one that runs services and jobs.
#[must_use]
pub(super) fn launcher_account(user: &Account) -> Account {
    let plain = format!("{user}-{LAUNCHER}");
    plain.parse().unwrap_or_else(|_| {
        let digest = Digest::of(user.as_str().as_bytes()).short();
        format!("sfgen-{digest}-{LAUNCHER}").parse().expect("a digest is short and plain")
    })
}

/// The systemd target that starts and stops all of a party's units.
#[must_use]
pub fn target_unit(topology: &TopologyName, party: &PartyName) -> String {
    format!("{}.target", project(topology, party))
}

/// Where a machine keeps the party's env file.
#[must_use]
pub fn env_file_path(topology: &TopologyName, party: &PartyName) -> String {
    format!("/etc/sfgen/{topology}/{party}.env")
}

/// Ray's folder for sockets and logs under systemd, as a path below `/run`.
///
/// A socket's path ends at 107 characters, of which Ray's session and socket names take 64 (`docs/runtime.md`,
/// Processes of Ray), so a long name gives way to a digest of it.
#[must_use]
pub fn runtime_dir(topology: &TopologyName, party: &PartyName) -> String {
    let name = project(topology, party);
    if name.len() <= 36 { name } else { format!("sfgen-{}", Digest::of(name.as_bytes()).short()) }
}

/// The table of nftables that holds a party's rules. Identifiers of nft have no hyphen; the prefix keeps them clear of
/// its keywords.
#[must_use]
pub fn firewall_table(topology: &TopologyName, party: &PartyName) -> String {
    project(topology, party).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_sockets_stays_short_and_distinct() {
        let long = |last: &str| format!("{}{last}", "x".repeat(60));
        let dir = |topology: &str, party: &str| {
            runtime_dir(&topology.parse().unwrap(), &party.parse().unwrap())
        };
        assert_eq!(dir("credit-risk", "alice"), "sfgen-credit-risk-alice");
        assert_ne!(dir(&long("a"), "alice"), dir(&long("b"), "alice"));
        assert!(format!("/run/{}", dir(&long("a"), &long("b"))).len() + 64 <= 107);
    }
}
