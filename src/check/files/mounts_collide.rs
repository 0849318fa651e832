#![doc = include_str!("mounts_collide.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Deploy, Mount, Party},
};

use super::{reach::OF_CONTAINERS, visible::Visible};

const CODE: Code = Code("SF0252");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("mounts_collide.md"), mounts_collide);

/// Folders without which no program of an image runs.
const OF_SYSTEMS: [&str; 9] =
    ["/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"];

fn mounts_collide(context: Context<'_>, findings: &mut Findings) {
    let topology = context.topology;
    let mut told: BTreeSet<[SourceSpan; 2]> = BTreeSet::new();
    for party in topology.parties.values() {
        let of_services = party.services.iter().filter_map(|service| {
            Some(Visible::of_service(party, party.host_of(service)?, service))
        });
        let of_ray = party.hosts.iter().map(|host| Visible::of_ray(topology, party, host));
        for Visible { mounts, .. } in of_services.chain(of_ray) {
            for (index, first) in mounts.iter().enumerate() {
                for second in &mounts[index + 1..] {
                    let pair = [first.target_span(), second.target_span()];
                    if collide(first, second) && told.insert(pair) {
                        findings.push(two_at_one_place(first, second));
                    }
                }
                let place = [first.target_span(); 2];
                let hidden = hidden_by(party, first).filter(|_| told.insert(place));
                findings.extend(hidden.map(|hidden| hides(party, first, &hidden)));
            }
        }
    }
}

fn collide(first: &Mount, second: &Mount) -> bool {
    first.target() == second.target() && first.path.value != second.path.value
}

fn two_at_one_place(first: &Mount, second: &Mount) -> Finding {
    let message = format!(
        "`{}` and `{}` are to be seen at one path, `{}`",
        first.path.value,
        second.path.value,
        first.target()
    );
    Finding::error(CODE, message)
        .label(second.target_span(), "a process has this mount")
        .label(first.target_span(), "and this one")
        .help("give one of them another path with `as`, or mount it only where it is needed")
}

/// What a mount takes the place of, and a process needs.
fn hidden_by(party: &Party, mount: &Mount) -> Option<String> {
    let target = mount.target();
    let mut needed: Vec<String> = Vec::new();
    match &*party.deploy {
        Deploy::Process | Deploy::Kuscia(_) => {}
        Deploy::Systemd(systemd) => needed.push(systemd.home.value.to_string()),
        Deploy::Docker(_) => {
            let all = OF_CONTAINERS.iter().chain(&OF_SYSTEMS);
            needed.extend(all.map(ToString::to_string));
        }
    }
    // A unit that is given its own home keeps what is in it.
    let is_itself = |needed: &String| {
        matches!(*party.deploy, Deploy::Systemd(_)) && *needed == mount.path.value.as_str()
    };
    needed
        .into_iter()
        .find(|needed| target.holds(needed) && !is_itself(needed) && renames(party, mount))
}

/// Whether something else than before is seen at the target: in containers always, for units where the path is another.
fn renames(party: &Party, mount: &Mount) -> bool {
    matches!(*party.deploy, Deploy::Docker(_)) || *mount.target() != mount.path.value
}

fn hides(party: &Party, mount: &Mount, hidden: &str) -> Finding {
    let message =
        format!("`{}` would take the place of `{hidden}`, which processes need", mount.path.value);
    Finding::error(CODE, message)
        .label(mount.target_span(), "seen at this path")
        .label(party.deploy_span.unwrap_or(party.name.span), "started like this")
        .help("mount the folder below it that is needed, or show it elsewhere: `as=\"/data\"`")
}
