//! Refuses parties with a target for which this release generates nothing.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, Finding, Findings},
    model::party::Party,
    types::PartyName,
};

use super::deploy::Deploy;

/// A target for which nothing is generated yet.
const NOT_GENERATED: Code = Code("SF1100");

/// How many of the other parties of Kuscia are shown: there may be thousands.
const OTHERS_SHOWN: usize = 4;

/// Refuses the parties that Kuscia is to run, all of them at once.
pub(in crate::model) fn refuse(parties: &BTreeMap<PartyName, Party>, findings: &mut Findings) {
    let of_kuscia = parties.values().filter_map(|party| match &*party.deploy {
        Deploy::Kuscia(kuscia) => Some((party, kuscia.target)),
        _ => None,
    });
    let mut of_kuscia: Vec<_> = of_kuscia.collect();
    of_kuscia.sort_by_key(|(_, target)| *target);
    let mut others = of_kuscia.iter();
    let Some((party, target)) = others.next() else { return };
    let finding = Finding::error(NOT_GENERATED, "this release generates nothing for Kuscia yet")
        .label(*target, "nothing would start what this party needs")
        .label(party.main_host().map_or(party.name.span, |host| host.name.span), "on this host");
    let others = others.take(OTHERS_SHOWN);
    let finding = others.fold(finding, |finding, (_, target)| finding.label(*target, "nor this"));
    findings.push(finding.help(
        "write `deploy \"docker\"`, `\"systemd\"` or `\"process\"`, without Kuscia's properties",
    ));
}
