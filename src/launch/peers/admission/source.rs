//! Where connections come from, and from where peers are expected.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::net::lookup_host;

use crate::types::{HostAddr, PartyName};

/// What counts as one source: an IPv4 address, or the /64 network of an IPv6 address, since one machine has all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        // A listener on `::` shows IPv4 clients as mapped addresses.
        Self(match address.to_canonical() {
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            ip @ IpAddr::V4(_) => ip,
        })
    }
}

/// The sources of the peers. Clones share what they know.
#[derive(Clone, Debug, Default)]
pub struct KnownSources(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    planned: BTreeSet<Source>,
    /// From where each peer came last. It differs from the plan where addresses are translated on the way.
    seen: BTreeMap<PartyName, Source>,
}

impl KnownSources {
    /// The addresses of the plan that need no name service.
    #[must_use]
    pub fn planned<'a>(hosts: impl IntoIterator<Item = &'a HostAddr>) -> Self {
        let addresses = hosts.into_iter().filter_map(|host| match host {
            HostAddr::Ip(ip) => Some(Source::from(*ip)),
            HostAddr::Dns(_) => None,
        });
        let known = Known { planned: addresses.collect(), seen: BTreeMap::new() };
        Self(Arc::new(Mutex::new(known)))
    }

    /// Adds what the name service says of these hosts. A name without an answer adds nothing: its party is known once
    /// it has shown its certificate.
    pub async fn resolve(self, hosts: Vec<HostAddr>) {
        for host in hosts.iter().filter(|host| matches!(host, HostAddr::Dns(_))) {
            let Ok(found) = lookup_host((host.bare(), 0)).await else { continue };
            let found: Vec<Source> = found.map(|address| address.ip().into()).collect();
            self.known().planned.extend(found);
        }
    }

    /// A peer showed its certificate from this address.
    pub fn saw(&self, party: &PartyName, from: IpAddr) {
        self.known().seen.insert(party.clone(), from.into());
    }

    pub(super) fn contains(&self, source: Source) -> bool {
        let known = self.known();
        known.planned.contains(&source) || known.seen.values().any(|seen| *seen == source)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machine_is_one_source() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("::ffff:10.0.0.1"), source("10.0.0.1"));
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_ne!(source("10.0.0.1"), source("10.0.0.2"));
    }

    #[tokio::test]
    async fn a_peer_is_known_by_address_by_name_and_by_where_it_came_from() {
        let hosts: Vec<HostAddr> = vec!["10.0.0.1".parse().unwrap(), "localhost".parse().unwrap()];
        let known = KnownSources::planned(&hosts);
        let is_known = |text: &str| known.contains(text.parse::<IpAddr>().unwrap().into());
        assert!(is_known("10.0.0.1") && !is_known("127.0.0.1"));
        known.clone().resolve(hosts).await;
        assert!(is_known("127.0.0.1"));

        let bob = "bob".parse().unwrap();
        known.saw(&bob, "10.9.9.9".parse().unwrap());
        assert!(is_known("10.9.9.9"));
        known.saw(&bob, "10.9.9.8".parse().unwrap());
        assert!(is_known("10.9.9.8") && !is_known("10.9.9.9"), "only the latest is kept");
    }
}
