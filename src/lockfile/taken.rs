//! Which numbers are in use.

use std::collections::BTreeMap;

use crate::types::{Port, PortRange};

/// A set of port ranges that may overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    /// Last number by first number, merged so that no two touch.
    ranges: BTreeMap<u16, u16>,
}

impl Taken {
    /// Adds a range.
    pub(super) fn insert(&mut self, range: PortRange) {
        let (mut first, mut last) = (range.first().get(), range.last().get());
        // Those that overlap or touch become one with it.
        while let Some((&start, &end)) = self.ranges.range(..=last.saturating_add(1)).next_back() {
            if end.saturating_add(1) < first {
                break;
            }
            self.ranges.remove(&start);
            first = first.min(start);
            last = last.max(end);
        }
        self.ranges.insert(first, last);
    }

    /// Whether a number of `range` is in use.
    pub(super) fn meets(&self, range: PortRange) -> bool {
        let before = self.ranges.range(..=range.last().get()).next_back();
        before.is_some_and(|(_, end)| *end >= range.first().get())
    }

    /// The first number after those in use at or around `port`; `port` itself where it is free.
    pub(super) fn free_from(&self, port: Port) -> Option<Port> {
        match self.ranges.range(..=port.get()).next_back() {
            Some((_, end)) if *end >= port.get() => Port::try_from(i128::from(*end) + 1).ok(),
            _ => Some(port),
        }
    }

    /// The first number in use at or after `port`.
    pub(super) fn next_taken(&self, port: Port) -> Option<u16> {
        self.ranges.range(port.get()..).next().map(|(start, _)| *start)
    }
}

/// The lowest `count` numbers in a row inside `pool` that none of `sets` uses.
pub(super) fn first_fit(pool: PortRange, count: u16, sets: &[&Taken]) -> Option<PortRange> {
    let mut first = pool.first();
    loop {
        let range = PortRange::of_len(first, count).filter(|range| range.last() <= pool.last())?;
        let mut next = first;
        for set in sets {
            next = next.max(set.free_from(first)?);
            // Something in use within the range: start again behind it.
            if let Some(taken) = set.next_taken(first).filter(|taken| *taken <= range.last().get())
            {
                let taken = Port::try_from(i128::from(taken)).ok()?;
                next = next.max(set.free_from(taken)?);
            }
        }
        if next == first {
            return Some(range);
        }
        first = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i128, last: i128) -> PortRange {
        PortRange::new(first.try_into().unwrap(), last.try_into().unwrap()).unwrap()
    }

    #[test]
    fn the_first_gap_that_is_wide_enough_is_taken() {
        let (mut own, mut all) = (Taken::default(), Taken::default());
        own.insert(range(100, 104));
        all.insert(range(107, 110));
        assert_eq!(first_fit(range(100, 200), 2, &[&own, &all]), Some(range(105, 106)));
        assert_eq!(first_fit(range(100, 200), 3, &[&own, &all]), Some(range(111, 113)));
        assert_eq!(first_fit(range(100, 112), 3, &[&own, &all]), None);
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let mut taken = Taken::default();
        for (first, last) in [(10, 12), (14, 20), (13, 13), (5, 30)] {
            taken.insert(range(first, last));
        }
        assert_eq!(taken.ranges, BTreeMap::from([(5, 30)]));
        assert!(
            taken.meets(range(30, 40)) && !taken.meets(range(31, 40)) && !taken.meets(range(1, 4))
        );
    }
}
