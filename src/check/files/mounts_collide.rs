#![doc = include_str!("mounts_collide.md")]

use std::collections::BTreeSet;

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings, SourceSpan},
    model::{Mount, Party},
};

use super::{
    needed::{free_path, hidden_by},
    visible::Visible,
};

const CODE: Code = Code("SF0252");

pub(super) const CHECK: Check = Check::new(CODE, include_str!("mounts_collide.md"), mounts_collide);

fn mounts_collide(context: Context<'_>, findings: &mut Findings) {
    let topology = context.topology;
    let mut told: BTreeSet<[SourceSpan; 2]> = BTreeSet::new();
    for party in topology.parties.values() {
        let of_services = party.services.iter().filter_map(|service| {
            let visible = Visible::of_service(party, party.host_of(service)?, service);
            Some((visible, service.image.is_some()))
        });
        let of_ray = party.hosts.iter().map(|host| (Visible::of_ray(topology, party, host), false));
        for (Visible { mounts, .. }, has_own_image) in of_services.chain(of_ray) {
            for (index, first) in mounts.iter().enumerate() {
                for second in &mounts[index + 1..] {
                    // Processes have their mounts in different orders, and the pair is one mistake.
                    let mut pair = [first.target_span(), second.target_span()];
                    pair.sort();
                    if collide(first, second) && told.insert(pair) {
                        findings.push(two_at_one_place(first, second));
                    }
                }
                let place = [first.target_span(); 2];
                let hidden = hidden_by(party, has_own_image, first).filter(|_| told.insert(place));
                findings.extend(hidden.map(|hidden| hides(party, first, &hidden, &mounts)));
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

fn hides(party: &Party, mount: &Mount, hidden: &str, mounts: &[&Mount]) -> Finding {
    let message =
        format!("`{}` would take the place of `{hidden}`, which processes need", mount.path.value);
    let elsewhere = format!("as=\"{}\"", free_path(mounts));
    let target = mount.target();
    let is_above = target.holds(hidden) && target.as_str() != hidden;
    let help = if mount.seen_as.is_none() && is_above {
        format!(
            "mount the one folder in it that is needed, and not `{hidden}`, or show it elsewhere: `{elsewhere}`"
        )
    } else {
        format!("show it elsewhere, where nothing else is: `{elsewhere}`")
    };
    Finding::error(CODE, message)
        .label(mount.target_span(), "seen at this path")
        .label(party.deploy_span.unwrap_or(party.name.span), "started like this")
        .help(help)
}
