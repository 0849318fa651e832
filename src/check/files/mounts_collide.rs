#![doc = include_str!("mounts_collide.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Deploy, Mount, Party},
};

use super::{
    reach::{OF_CONTAINERS, OF_IMAGES},
    visible::Visible,
};

const CODE: Code = Code("SF0252");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("mounts_collide.md"), mounts_collide);

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
    let needed: Vec<String> = match &*party.deploy {
        // Units see the machine: only what is shown elsewhere takes the place of something.
        Deploy::Systemd(systemd) if *mount.target() != mount.path.value => {
            vec![systemd.home.value.to_string()]
        }
        Deploy::Docker(_) => {
            OF_CONTAINERS.iter().chain(&OF_IMAGES).map(ToString::to_string).collect()
        }
        Deploy::Process | Deploy::Systemd(_) | Deploy::Kuscia(_) => Vec::new(),
    };
    needed.into_iter().find(|needed| mount.target().holds(needed))
}

fn hides(party: &Party, mount: &Mount, hidden: &str) -> Finding {
    let message =
        format!("`{}` would take the place of `{hidden}`, which processes need", mount.path.value);
    Finding::error(CODE, message)
        .label(mount.target_span(), "seen at this path")
        .label(party.deploy_span.unwrap_or(party.name.span), "started like this")
        .help("mount the folder below it that is needed, or show it elsewhere: `as=\"/data\"`")
}
