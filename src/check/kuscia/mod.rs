//! The target `kuscia`: what other domains dial.

mod endpoint_host;
mod endpoint_port;
mod endpoint_scheme;
mod endpoints;
mod gateway_reserved;
mod gateway_twice;
mod gateways;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    endpoint_scheme::CHECK,
    endpoint_port::CHECK,
    endpoint_host::CHECK,
    gateway_twice::CHECK,
    gateway_reserved::CHECK,
];
