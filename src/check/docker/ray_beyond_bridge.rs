#![doc = include_str!("ray_beyond_bridge.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

use super::bridges::{Beyond, beyond};

const CODE: Code = Code("SF1009");

/// How many of the places of one kind are shown: a simulation may have thousands of parties on a bridge.
const SHOWN: usize = 4;

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("ray_beyond_bridge.md"), ray_beyond_bridge);

fn ray_beyond_bridge(context: Context<'_>, findings: &mut Findings) {
    for cluster in beyond(context) {
        findings.push(finding(context, &cluster));
    }
}

fn finding(context: Context<'_>, cluster: &Beyond<'_>) -> Finding {
    let Beyond { bridged, subnet, far } = cluster;
    let (party, network) = bridged[0];
    let whose = if context.is_production() {
        format!("of `{}`", party.name.value)
    } else {
        "of the simulation".to_owned()
    };
    let message = format!(
        "the Ray cluster {whose} reaches beyond the bridge `{}`, which does not carry its ports",
        network.name.value
    );
    let networks = bridged.iter().filter_map(|(party, _)| party.deploy.bridge()).take(SHOWN);
    let mut finding = Finding::error(CODE, message);
    for (index, network) in networks.enumerate() {
        finding =
            finding.label(network.span, if index == 0 { "within one machine" } else { "this too" });
        if index == 0 {
            let label = format!("Ray on `{}` is outside, and dialled on all ports", far.name.value);
            finding = finding.label(far.address.span, label);
        }
    }
    let published = bridged.iter().filter_map(|(party, _)| party.deploy.published().first());
    let mut drop = "";
    for mapping in published.take(SHOWN) {
        finding = finding.label(mapping.span, "only such ports are published");
        drop = ", without `publish`";
    }
    let each = if bridged.len() > 1 { " for each of them" } else { "" };
    finding.help(format!(
        "write `network=\"host\"`{each}{drop}, with the machines' own addresses; or, if `{}` is a container of the same machine, give it an address of {}",
        far.name.value,
        subnet.network()
    ))
}
