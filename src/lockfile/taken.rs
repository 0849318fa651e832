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

    /// The parts of `range` that are not in use, lowest first.
    pub(super) fn free_within(&self, range: PortRange) -> Vec<PortRange> {
        let mut free = vec![range];
        // Those in use, highest first, until they end below the range; each cuts the lowest part that is left.
        for (&first, &last) in self.ranges.range(..=range.last().get()).rev() {
            if last < range.first().get() {
                break;
            }
            let Some(lowest) = free.pop() else { break };
            let parts: Vec<_> = lowest.minus(range_of(first, last)).collect();
            free.extend(parts.into_iter().rev());
        }
        free.reverse();
        free
    }

    /// How many numbers of `range` are in use.
    pub(super) fn count_within(&self, range: PortRange) -> u32 {
        let free: u32 = self.free_within(range).iter().map(|part| part.count()).sum();
        range.count() - free
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

/// How many numbers from `first` on are free in a row within `pool` and in all of `sets`, at most `count`.
pub(super) fn free_run(pool: PortRange, first: Port, count: u16, sets: &[&Taken]) -> u16 {
    let Some(wanted) = PortRange::of_len(first, count).filter(|_| pool.contains(first)) else {
        return 0;
    };
    let mut end = u32::from(wanted.last().get().min(pool.last().get())) + 1;
    for set in sets {
        if set.free_from(first) != Some(first) {
            return 0;
        }
        end = end.min(set.next_taken(first).map_or(end, u32::from));
    }
    u16::try_from(end - u32::from(first.get())).unwrap_or(count)
}

/// The range of two numbers that a set holds.
fn range_of(first: u16, last: u16) -> PortRange {
    PortRange::new(Port::of(first), Port::of(last)).expect("a set holds ranges")
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
    fn what_is_free_within_a_range_is_told_lowest_first() {
        let mut taken = Taken::default();
        for (first, last) in [(1, 10), (14, 15), (18, 40)] {
            taken.insert(range(first, last));
        }
        assert_eq!(taken.free_within(range(10, 20)), [range(11, 13), range(16, 17)]);
        assert_eq!(taken.free_within(range(20, 30)), []);
        assert_eq!(taken.free_within(range(41, 50)), [range(41, 50)]);
        assert_eq!(taken.free_within(range(1, 12)), [range(11, 12)]);
    }

    #[test]
    fn a_run_ends_at_the_pool_or_at_what_is_in_use() {
        let mut taken = Taken::default();
        taken.insert(range(110, 119));
        let run = |first: i128, count| {
            free_run(
                range(100, 125),
                first.try_into().unwrap(),
                count,
                &[&Taken::default(), &taken],
            )
        };
        assert_eq!((run(100, 5), run(100, 50), run(115, 1), run(120, 50)), (5, 10, 0, 6));
        assert_eq!((run(99, 5), run(126, 5), run(100, 0)), (0, 0, 0));
    }

    #[test]
    fn ranges_that_touch_become_one() {
        let mut taken = Taken::default();
        for (first, last) in [(10, 12), (14, 20), (13, 13), (5, 30)] {
            taken.insert(range(first, last));
        }
        assert_eq!(taken.ranges, BTreeMap::from([(5, 30)]));
        assert_eq!(taken.count_within(range(28, 40)), 3);
    }
}
