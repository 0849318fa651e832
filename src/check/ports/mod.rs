//! Pinned ports: numbers that two listeners want, that nobody may use, or that are too few.

pub(super) mod claims;
mod pin_in_worker_range;
mod pin_reserved;
mod pin_too_short;
mod pin_twice;
mod pin_without_role;
mod pins_overlap;
mod port_below_1024;
mod port_in_ephemeral_range;
mod worker_range_narrow;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    pins_overlap::CHECK,
    pin_in_worker_range::CHECK,
    port_in_ephemeral_range::CHECK,
    port_below_1024::CHECK,
    pin_reserved::CHECK,
    pin_too_short::CHECK,
    pin_without_role::CHECK,
    pin_twice::CHECK,
    worker_range_narrow::CHECK,
];
