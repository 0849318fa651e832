//! Addresses of hosts: whether the peers can dial them, and whether anything listens there.

mod inside_unusable;
mod ipv6_with_secretflow;
mod link_local_advertised;
mod listen_without_inside;
mod listener_unreachable;
mod listening;
mod loopback_advertised;
mod loopback_spellings;
mod outside_not_dialled;
mod outside_too_short;
mod outside_twice;
mod unspecified_advertised;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    loopback_advertised::CHECK,
    unspecified_advertised::CHECK,
    link_local_advertised::CHECK,
    ipv6_with_secretflow::CHECK,
    listener_unreachable::CHECK,
    loopback_spellings::CHECK,
    listen_without_inside::CHECK,
    inside_unusable::CHECK,
    outside_not_dialled::CHECK,
    outside_twice::CHECK,
    outside_too_short::CHECK,
];
