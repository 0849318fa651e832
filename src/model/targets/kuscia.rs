//! `deploy "kuscia" protocol=... gateway=... endpoint=...`: a party whose programs Kuscia runs, as one of its domains.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, Finding, Findings, SourceSpan, Spanned},
    syntax::Cursor,
    types::{GatewayProtocol, HostAddr, HttpUrl, PartyName, Port, TargetName},
};

use super::{Deploy, Keeper, Target};
use crate::model::Party;

pub(super) const TARGET: Target = Target {
    name: TargetName::Kuscia,
    properties: &["protocol", "gateway", "endpoint"],
    children: &[],
    read: |target, cursor| Kuscia::read(target.span, cursor).map(Deploy::Kuscia),
    has_launcher: false,
    brings_ray: true,
    keeper: Keeper::Domain,
};

/// A target for which nothing is generated yet.
const NOT_GENERATED: Code = Code("SF1100");

/// How many of the other parties of Kuscia are shown: there may be thousands.
const OTHERS_SHOWN: usize = 4;

/// What Kuscia is told, and what other domains dial. The domain's id is the party's name.
#[derive(Clone, Debug)]
pub struct Kuscia {
    /// The word `kuscia`.
    pub target: SourceSpan,
    /// What the gateway speaks; at the target where it is not written.
    pub protocol: Spanned<GatewayProtocol>,
    /// The port of the machine under which the container's gateway port, 1080, is published.
    pub gateway: Spanned<Port>,
    /// What other domains dial, where it is not what follows from the rest.
    pub endpoint: Option<Spanned<HttpUrl>>,
}

impl Kuscia {
    fn read(target: SourceSpan, cursor: &mut Cursor<'_>) -> Option<Self> {
        let protocol = cursor.prop("protocol");
        let protocol = protocol.unwrap_or_else(|| cursor.default_prop("protocol", target));
        let gateway = cursor.required_prop("gateway");
        let endpoint = cursor.prop("endpoint");
        Some(Self { target, protocol, gateway: gateway?, endpoint })
    }

    /// What other domains dial if the domain is reached at `host`.
    #[must_use]
    pub fn url(&self, host: &HostAddr) -> HttpUrl {
        let scheme = self.protocol.value.scheme();
        HttpUrl { scheme, host: host.clone(), port: Some(self.gateway.value) }
    }
}

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
