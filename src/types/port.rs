//! TCP ports and ranges of them.

use std::{fmt, num::NonZeroU16, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a number or text is not a port.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PortError {
    /// Zero, negative, over 65535, or not a number at all.
    #[error("a port is a number from 1 to 65535, not `{0}`")]
    NotAPort(String),
    /// The last number lies before the first.
    #[error("the range {0}-{1} ends before it starts")]
    Backwards(Port, Port),
}

/// A TCP port that can be bound. Zero does not exist here: "any port" has no place in a plan.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Port(NonZeroU16);

impl Port {
    /// The highest port there is.
    pub const MAX: Self = Self(NonZeroU16::MAX);

    /// The port of a number that is known while this program is compiled; 0 does not compile.
    #[must_use]
    pub const fn of(number: u16) -> Self {
        Self(NonZeroU16::new(number).expect("0 is no port"))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// The port `count` numbers further on, if there is one.
    #[must_use]
    pub fn plus(self, count: u16) -> Option<Self> {
        self.0.checked_add(count).map(Self)
    }
}

impl TryFrom<i128> for Port {
    type Error = PortError;

    fn try_from(number: i128) -> Result<Self, PortError> {
        u16::try_from(number)
            .ok()
            .and_then(NonZeroU16::new)
            .map(Self)
            .ok_or_else(|| PortError::NotAPort(number.to_string()))
    }
}

impl FromStr for Port {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        text.parse().map(Self).map_err(|_| PortError::NotAPort(text.to_owned()))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Ports `first` to `last`, both included, never empty. Written `[first, last]`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "(Port, Port)", into = "(Port, Port)")]
#[schemars(with = "(Port, Port)")]
pub struct PortRange {
    first: Port,
    last: Port,
}

impl PortRange {
    /// The ports on which only root may listen.
    pub const PRIVILEGED: Self = Self { first: Port::of(1), last: Port::of(1023) };

    /// `net.ipv4.ip_local_port_range` of Linux as every distribution leaves it: the numbers of outgoing connections.
    pub const EPHEMERAL: Self = Self { first: Port::of(32768), last: Port::of(60999) };

    /// The ports between those two classes, on which any program can listen at any time.
    pub const PLANNABLE: Self = Self { first: Port::of(1024), last: Port::of(32767) };

    /// The ports from `first` to `last`; an error where `last` lies before `first`.
    pub fn new(first: Port, last: Port) -> Result<Self, PortError> {
        if first <= last {
            Ok(Self { first, last })
        } else {
            Err(PortError::Backwards(first, last))
        }
    }

    /// `count` ports from `first` on; `None` where they do not fit below 65536 or `count` is zero.
    #[must_use]
    pub fn of_len(first: Port, count: u16) -> Option<Self> {
        Some(Self { first, last: first.plus(count.checked_sub(1)?)? })
    }

    /// The lowest port.
    #[must_use]
    pub const fn first(self) -> Port {
        self.first
    }

    /// The highest port.
    #[must_use]
    pub const fn last(self) -> Port {
        self.last
    }

    /// How many ports there are, 1 to 65535.
    #[must_use]
    pub fn count(self) -> u32 {
        u32::from(self.last.get()) - u32::from(self.first.get()) + 1
    }

    /// The port at `index`, counted from 0, if it belongs to the range.
    #[must_use]
    pub fn nth(self, index: u16) -> Option<Port> {
        self.first.plus(index).filter(|port| *port <= self.last)
    }

    /// Whether the two ranges share a number.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Whether `port` lies in the range.
    #[must_use]
    pub fn contains(self, port: Port) -> bool {
        self.first <= port && port <= self.last
    }

    /// Whether every port of `other` lies in the range.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// What is left of the range without `other`: nothing, one part or two.
    pub fn minus(self, other: Self) -> impl Iterator<Item = Self> {
        let below = other.first.get().checked_sub(1).and_then(NonZeroU16::new).map(Port);
        let below = below.map(|last| (self.first, last.min(self.last)));
        let above = other.last.plus(1).map(|first| (first.max(self.first), self.last));
        [below, above].into_iter().flatten().filter_map(|(first, last)| Self::new(first, last).ok())
    }

    /// Ranges in order, those that touch or overlap made one: nft refuses a set whose intervals overlap.
    #[must_use]
    pub fn merged(ranges: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut sorted: Vec<_> = ranges.into_iter().collect();
        sorted.sort_by_key(|range| range.first);
        let mut merged: Vec<Self> = Vec::new();
        for range in sorted {
            match merged.last_mut() {
                Some(before) if before.last.plus(1).is_none_or(|next| range.first <= next) => {
                    before.last = before.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        merged
    }

    /// Every port, lowest first.
    pub fn iter(self) -> impl Iterator<Item = Port> {
        (self.first.get()..=self.last.get()).filter_map(|n| NonZeroU16::new(n).map(Port))
    }
}

impl From<Port> for PortRange {
    fn from(port: Port) -> Self {
        Self { first: port, last: port }
    }
}

impl From<PortRange> for (Port, Port) {
    fn from(range: PortRange) -> Self {
        (range.first, range.last)
    }
}

impl TryFrom<(Port, Port)> for PortRange {
    type Error = PortError;

    fn try_from((first, last): (Port, Port)) -> Result<Self, PortError> {
        Self::new(first, last)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            self.first.fmt(f)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i128, last: i128) -> PortRange {
        PortRange::new(first.try_into().unwrap(), last.try_into().unwrap()).unwrap()
    }

    #[test]
    fn plannable_ports_are_those_between_the_other_two_classes() {
        let all = [PortRange::PRIVILEGED, PortRange::PLANNABLE, PortRange::EPHEMERAL];
        for [low, high] in all.windows(2).map(|pair| [pair[0], pair[1]]) {
            assert_eq!(low.last().plus(1), Some(high.first()));
        }
        assert!(PortRange::PLANNABLE.covers(range(1024, 32767)));
        assert!(!PortRange::PLANNABLE.covers(range(1023, 1024)));
        assert!(!PortRange::PLANNABLE.covers(range(32767, 32768)));
    }

    #[test]
    fn ranges_that_touch_do_not_overlap() {
        assert!(!range(10, 20).overlaps(range(21, 30)));
        assert!(range(10, 20).overlaps(range(20, 30)));
        assert!(range(10, 20).overlaps(range(12, 13)));
    }

    #[test]
    fn a_range_ends_at_65535() {
        assert_eq!(PortRange::of_len(Port::MAX, 2), None);
        assert_eq!(PortRange::of_len(Port::MAX, 0), None);
        assert_eq!(range(20000, 20003).nth(3), Some(Port::try_from(20003).unwrap()));
        assert_eq!(range(20000, 20003).nth(4), None);
        assert_eq!(range(1, 65535).count(), 65535);
    }

    #[test]
    fn what_is_left_of_a_range_is_below_and_above() {
        let left = |other| range(10, 20).minus(other).collect::<Vec<_>>();
        assert_eq!(left(range(12, 14)), [range(10, 11), range(15, 20)]);
        assert_eq!(left(range(1, 14)), [range(15, 20)]);
        assert_eq!(left(range(20, 65535)), [range(10, 19)]);
        assert_eq!(left(range(10, 20)), []);
        assert_eq!(
            (left(range(1, 9)), left(range(21, 30))),
            (vec![range(10, 20)], vec![range(10, 20)])
        );
    }

    #[test]
    fn merged_ranges_neither_touch_nor_overlap() {
        let ranges = [range(30, 40), range(1, 5), range(6, 9), range(35, 36), range(11, 11)];
        assert_eq!(PortRange::merged(ranges), [range(1, 9), range(11, 11), range(30, 40)]);
        let all = [range(1, 65535), range(65535, 65535)];
        assert_eq!(PortRange::merged(all), [range(1, 65535)]);
    }
}
