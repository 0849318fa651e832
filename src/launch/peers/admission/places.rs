//! Who holds a place, and who loses it to a new connection: a pure structure without sockets and clocks.

use std::collections::BTreeMap;

use super::source::Source;

/// How many connections may hold places at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From one address that no peer is known to have.
    pub stranger: usize,
    /// From all such addresses together.
    pub strangers: usize,
    /// From one address of a peer.
    pub peer: usize,
    /// From all addresses of peers together.
    pub peers: usize,
}

impl Limits {
    /// For unfinished TLS handshakes. All of them together stay well below the 1,024 open files that a process has by
    /// default; a peer finishes its handshake within milliseconds, and so needs its place for no longer.
    pub const HANDSHAKES: Self = Self { stranger: 8, strangers: 128, peer: 32, peers: 128 };
}

/// Names one place for as long as it is held.
pub(super) type PlaceId = u64;

/// The order in which places are lost: lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Progress {
    /// Whether it made any progress since it came.
    any: bool,
    /// When it came or made its latest progress, as a count of such moments.
    latest: u64,
}

#[derive(Debug)]
struct Held<T> {
    source: Source,
    is_peer: bool,
    progress: Progress,
    holder: T,
}

/// The places of one process; `T` is how a holder is told that its place is lost.
#[derive(Debug)]
pub(super) struct Places<T> {
    limits: Limits,
    held: BTreeMap<PlaceId, Held<T>>,
    moments: u64,
}

impl<T> Places<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, held: BTreeMap::new(), moments: 0 }
    }

    /// Gives a place; the second value is the holder that lost its own for it.
    pub(super) fn take(
        &mut self,
        source: Source,
        is_peer: bool,
        holder: T,
    ) -> (PlaceId, Option<T>) {
        let Limits { stranger, strangers, peer, peers } = self.limits;
        let (each, all) = if is_peer { (peer, peers) } else { (stranger, strangers) };
        let of_source = |held: &Held<T>| held.source == source && held.is_peer == is_peer;
        let lost = if self.held.values().filter(|held| of_source(held)).count() >= each {
            self.slowest(of_source)
        } else if self.held.values().filter(|held| held.is_peer == is_peer).count() >= all {
            self.slowest(|held| held.is_peer == is_peer)
        } else {
            None
        };
        let latest = self.moment();
        let progress = Progress { any: false, latest };
        self.held.insert(latest, Held { source, is_peer, progress, holder });
        (latest, lost)
    }

    /// The holder made progress.
    pub(super) fn progressed(&mut self, id: PlaceId) {
        let latest = self.moment();
        if let Some(held) = self.held.get_mut(&id) {
            held.progress = Progress { any: true, latest };
        }
    }

    /// Gives a place back; one that was lost is gone already.
    pub(super) fn release(&mut self, id: PlaceId) {
        self.held.remove(&id);
    }

    /// Takes the place of the stranger who has made no progress for longest, if there is one.
    pub(super) fn drop_stranger(&mut self) -> Option<T> {
        self.slowest(|held| !held.is_peer)
    }

    fn slowest(&mut self, among: impl Fn(&Held<T>) -> bool) -> Option<T> {
        let candidates = self.held.iter().filter(|(_, held)| among(held));
        let id = candidates.min_by_key(|(_, held)| held.progress).map(|(id, _)| *id)?;
        self.held.remove(&id).map(|held| held.holder)
    }

    fn moment(&mut self) -> u64 {
        self.moments += 1;
        self.moments
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn places() -> Places<u32> {
        Places::new(Limits { stranger: 2, strangers: 4, peer: 3, peers: 3 })
    }

    fn source(last: u8) -> Source {
        IpAddr::from(Ipv4Addr::new(10, 0, 0, last)).into()
    }

    #[test]
    fn a_source_that_is_full_loses_its_own_oldest_place_and_nobody_elses() {
        let mut places = places();
        places.take(source(1), false, 10);
        for holder in [20, 21] {
            assert_eq!(places.take(source(2), false, holder).1, None);
        }
        assert_eq!(places.take(source(2), false, 22).1, Some(20));
    }

    #[test]
    fn strangers_from_many_addresses_never_take_the_place_of_a_peer() {
        let mut places = places();
        places.take(source(1), true, 1);
        let lost: Vec<_> = (2..=200)
            .filter_map(|last| places.take(source(last), false, u32::from(last)).1)
            .collect();
        assert_eq!(lost, (2..=196).collect::<Vec<_>>(), "the oldest strangers, in their order");
        assert_eq!(places.take(source(1), true, 1).1, None);
    }

    #[test]
    fn a_connection_that_makes_progress_outlives_those_that_came_later_and_do_not() {
        let mut places = places();
        let (first, _) = places.take(source(1), false, 1);
        places.take(source(2), false, 2);
        places.progressed(first);
        for last in 3..=4 {
            places.take(source(last), false, u32::from(last));
        }
        let lost: Vec<_> = (5..=20)
            .filter_map(|last| places.take(source(last), false, u32::from(last)).1)
            .collect();
        assert!(lost.len() > 10 && !lost.contains(&1), "{lost:?}");
    }

    #[test]
    fn a_place_that_is_given_back_is_free() {
        let mut places = places();
        let ids: Vec<_> = (0..2).map(|holder| places.take(source(1), false, holder).0).collect();
        places.release(ids[0]);
        assert_eq!(places.take(source(1), false, 9).1, None);
        assert_eq!(places.drop_stranger(), Some(1));
        places.take(source(2), true, 3);
        assert_eq!(places.drop_stranger(), Some(9));
        assert_eq!(places.drop_stranger(), None, "a peer keeps its place");
    }
}
