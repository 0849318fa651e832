//! The ports of a listener that may have grown: ranges one after the other.

use std::{fmt, iter};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Port, PortRange};

/// A list of ranges that holds none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a listener has at least one port")]
pub struct NoPorts;

/// The ports of one listener in their order, at least one: the first is that of slot 0. Ranges that continue each other
/// are one.
///
/// Written `[first, last]` where it is one range, and as a list of such pairs where it went on at another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Wire", into = "Wire")]
#[schemars(with = "Wire")]
pub struct PortRanges(Vec<PortRange>);

/// How it is written.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Wire {
    One(PortRange),
    Several(Vec<PortRange>),
}

impl PortRanges {
    /// The ports of `ranges` in that order.
    pub fn new(ranges: impl IntoIterator<Item = PortRange>) -> Result<Self, NoPorts> {
        let mut joined: Vec<PortRange> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some(before) if before.last().plus(1) == Some(range.first()) => {
                    *before = PortRange::new(before.first(), range.last())
                        .expect("the second begins behind the first");
                }
                _ => joined.push(range),
            }
        }
        if joined.is_empty() { Err(NoPorts) } else { Ok(Self(joined)) }
    }

    /// These ports in this order.
    pub fn of(ports: impl IntoIterator<Item = Port>) -> Result<Self, NoPorts> {
        Self::new(ports.into_iter().map(PortRange::from))
    }

    /// The port of slot 0.
    #[must_use]
    pub fn first(&self) -> Port {
        self.0[0].first()
    }

    /// The ranges, at least one, in the order of the slots.
    #[must_use]
    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }

    /// How many ports there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.iter().map(|range| range.count()).sum()
    }

    /// Every port, in the order of the slots.
    pub fn iter(&self) -> impl Iterator<Item = Port> {
        self.0.iter().flat_map(|range| range.iter())
    }

    /// The port at `index`, counted from 0.
    #[must_use]
    pub fn nth(&self, index: u16) -> Option<Port> {
        let mut left = u32::from(index);
        for range in &self.0 {
            if left < range.count() {
                return range.nth(u16::try_from(left).ok()?);
            }
            left -= range.count();
        }
        None
    }

    /// The `count` ports from `index` on; `None` where there are fewer, or for none.
    #[must_use]
    pub fn part(&self, index: u32, count: u32) -> Option<Self> {
        let (mut skipped, mut left) = (index, count);
        let mut part = Vec::new();
        for range in &self.0 {
            let length = range.count();
            if skipped >= length {
                skipped -= length;
                continue;
            }
            let taken = left.min(length - skipped);
            if taken > 0 {
                let first = range.nth(u16::try_from(skipped).ok()?)?;
                part.push(PortRange::of_len(first, u16::try_from(taken).ok()?)?);
            }
            (skipped, left) = (0, left - taken);
        }
        if left == 0 { Self::new(part).ok() } else { None }
    }

    /// The ports that are not among `others`, in their order; `None` where all of them are.
    #[must_use]
    pub fn without(&self, others: &Self) -> Option<Self> {
        let mut left = self.0.clone();
        for other in &others.0 {
            left = left.into_iter().flat_map(|range| range.minus(*other)).collect();
        }
        Self::new(left).ok()
    }

    /// Whether every port of `others` is among these.
    #[must_use]
    pub fn cover(&self, others: &Self) -> bool {
        others.without(self).is_none()
    }

    /// Whether a port of `range` is among these.
    #[must_use]
    pub fn overlap(&self, range: PortRange) -> bool {
        self.0.iter().any(|own| own.overlaps(range))
    }
}

impl From<PortRange> for PortRanges {
    fn from(range: PortRange) -> Self {
        Self(vec![range])
    }
}

impl From<Port> for PortRanges {
    fn from(port: Port) -> Self {
        Self(vec![port.into()])
    }
}

impl TryFrom<Wire> for PortRanges {
    type Error = NoPorts;

    fn try_from(wire: Wire) -> Result<Self, NoPorts> {
        match wire {
            Wire::One(range) => Ok(range.into()),
            Wire::Several(ranges) => Self::new(ranges),
        }
    }
}

impl From<PortRanges> for Wire {
    fn from(PortRanges(ranges): PortRanges) -> Self {
        match ranges[..] {
            [one] => Self::One(one),
            _ => Self::Several(ranges),
        }
    }
}

impl fmt::Display for PortRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separators = iter::once("").chain(iter::repeat(", "));
        self.0.iter().zip(separators).try_for_each(|(range, before)| write!(f, "{before}{range}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(pairs: &[(i128, i128)]) -> PortRanges {
        let range = |(first, last): &(i128, i128)| {
            PortRange::new((*first).try_into().unwrap(), (*last).try_into().unwrap()).unwrap()
        };
        PortRanges::new(pairs.iter().map(range)).unwrap()
    }

    #[test]
    fn ranges_that_continue_each_other_are_one() {
        assert_eq!(ranges(&[(10, 11), (12, 15)]), ranges(&[(10, 15)]));
        assert_eq!(ranges(&[(12, 15), (10, 11)]).ranges().len(), 2);
        assert_eq!(ranges(&[(10, 11), (20, 20)]).to_string(), "10-11, 20");
    }

    #[test]
    fn slots_go_on_in_the_next_range() {
        let ports = ranges(&[(10, 11), (20, 22)]);
        assert_eq!(ports.count(), 5);
        assert_eq!(ports.nth(1).map(Port::get), Some(11));
        assert_eq!(ports.nth(2).map(Port::get), Some(20));
        assert_eq!(ports.nth(5), None);
        assert_eq!(ports.part(1, 3), Some(ranges(&[(11, 11), (20, 21)])));
        assert_eq!(ports.part(2, 3), Some(ranges(&[(20, 22)])));
        assert_eq!((ports.part(2, 4), ports.part(5, 1), ports.part(0, 0)), (None, None, None));
    }

    #[test]
    fn what_is_left_of_a_range_keeps_its_order() {
        let ports = ranges(&[(20, 29), (10, 12)]);
        let left = ports.without(&ranges(&[(22, 23), (12, 12)])).unwrap();
        assert_eq!(left, ranges(&[(20, 21), (24, 29), (10, 11)]));
        assert!(ports.cover(&left) && !left.cover(&ports));
        assert_eq!(left.without(&ports), None);
    }

    #[test]
    fn one_range_is_written_as_a_pair_and_several_as_pairs() {
        for (ports, text) in
            [(ranges(&[(1, 4)]), "[1,4]"), (ranges(&[(5, 5), (1, 4)]), "[[5,5],[1,4]]")]
        {
            assert_eq!(serde_json::to_string(&ports).unwrap(), text);
            assert_eq!(serde_json::from_str::<PortRanges>(text).unwrap(), ports);
        }
        assert!(serde_json::from_str::<PortRanges>("[]").is_err());
        assert!(serde_json::from_str::<PortRanges>("[4,1]").is_err());
    }
}
