//! What other domains dial of a party that Kuscia runs, where it is written.

use crate::{
    check::Context,
    diag::{Finding, Spanned},
    model::{Deploy, Host, Kuscia, Party},
    types::{HostAddr, HttpUrl, Port},
};

/// A party of Kuscia with an endpoint of its own.
pub(super) struct Endpoint<'a> {
    pub(super) party: &'a Party,
    pub(super) kuscia: &'a Kuscia,
    pub(super) written: &'a Spanned<HttpUrl>,
    /// The host whose address it names; the first one where it names none.
    pub(super) host: &'a Host,
}

/// Every endpoint that is written. A simulation dials none.
pub(super) fn endpoints(context: Context<'_>) -> impl Iterator<Item = Endpoint<'_>> {
    let parties = context.topology.parties.values().filter(move |_| context.is_production());
    parties.filter_map(|party| {
        let Deploy::Kuscia(kuscia) = &*party.deploy else { return None };
        let written = kuscia.endpoint.as_ref()?;
        // Of a host whose address could not be read, an endpoint may be the one.
        if !party.hosts.iter().all(|host| host.has_address) {
            return None;
        }
        let main = party.main_host()?;
        let named = party.hosts.iter().find(|host| is_same(&host.address.value, written));
        Some(Endpoint { party, kuscia, written, host: named.unwrap_or(main) })
    })
}

/// Whether the endpoint names that address. Loopback is one machine, however it is written.
fn is_same(address: &HostAddr, written: &Spanned<HttpUrl>) -> bool {
    let host = &written.value.host;
    address == host || (address.is_loopback() && host.is_loopback())
}

impl Endpoint<'_> {
    /// Whether it names one of the party's hosts.
    pub(super) fn names_host(&self) -> bool {
        is_same(&self.host.address.value, self.written)
    }

    /// The port that is dialled; without one, that of the scheme that the gateway needs.
    pub(super) fn port(&self) -> Port {
        let scheme = self.kuscia.protocol.value.scheme();
        self.written.value.port.unwrap_or(scheme.port())
    }

    /// Adds to a finding what the endpoint should be.
    pub(super) fn mend(&self, context: Context<'_>, finding: Finding) -> Finding {
        let right = self.kuscia.url(self.host);
        let write = format!("write `endpoint=\"{right}\"`");
        let is_default =
            self.party.main_host().is_some_and(|main| main.name.value == self.host.name.value);
        let finding = finding.remedy(&write, context.write(&write, self.written, &right));
        if is_default {
            let drop = context.drop_property(self.written.span);
            return finding.remedy("drop it: this is its default", drop);
        }
        finding
    }
}
