#![doc = include_str!("subnets_overlap.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF1005");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("subnets_overlap.md"), subnets_overlap);

fn subnets_overlap(context: Context<'_>, findings: &mut Findings) {
    let networks = context.topology.networks.values();
    let mut all: Vec<_> =
        networks.filter_map(|network| Some((network, network.subnet.as_ref()?))).collect();
    all.sort_by_key(|(network, _)| network.name.span);
    for (index, (network, subnet)) in all.iter().enumerate() {
        let mut earlier = all[..index].iter();
        let Some((other, first)) = earlier.find(|(_, first)| first.value.overlaps(subnet.value))
        else {
            continue;
        };
        let message =
            format!("networks `{}` and `{}` share addresses", other.name.value, network.name.value);
        let finding = Finding::error(CODE, message)
            .label(subnet.span, "again here")
            .label(first.span, "first here")
            .help("give one of the two a subnet of its own");
        findings.push(finding);
    }
}
