//! `deploy "kuscia" protocol=... gateway=... endpoint=...`: a party whose programs Kuscia runs, as one of its domains.

use crate::{
    diag::{SourceSpan, Spanned},
    model::host::Host,
    syntax::Cursor,
    types::{GatewayProtocol, HttpUrl, Port, PortRange, Role, TargetName},
};

use super::target::{Keeper, Target};

pub(super) const TARGET: Target = Target {
    name: TargetName::Kuscia,
    properties: &["protocol", "gateway", "endpoint"],
    children: &[],
    has_launcher: false,
    brings_ray: true,
    keeper: Keeper::Domain,
};

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
    pub(super) fn read(target: SourceSpan, cursor: &mut Cursor<'_>) -> Option<Self> {
        let protocol = cursor.prop("protocol");
        let protocol = protocol.unwrap_or_else(|| cursor.default_prop("protocol", target));
        let gateway = cursor.required_prop("gateway");
        let endpoint = cursor.prop("endpoint");
        Some(Self { target, protocol, gateway: gateway?, endpoint })
    }

    /// What other domains dial if the domain is reached at `host`, behind whatever maps its port there.
    #[must_use]
    pub fn url(&self, host: &Host) -> HttpUrl {
        let scheme = self.protocol.value.scheme();
        let port = Some(self.dialled(host).value);
        HttpUrl { scheme, host: host.address.value.clone(), port }
    }

    /// The port that other domains dial at `host`: that of the gateway, unless `outside` says another.
    #[must_use]
    pub fn dialled(&self, host: &Host) -> Spanned<Port> {
        let outside = host.outside_of(&Role::gateway());
        let outside = outside.map(|outside| outside.range.map(PortRange::first));
        outside.unwrap_or(self.gateway)
    }
}
