//! Services: the order in which they start, their ports, and what they dial.

mod after_circle;
mod after_unknown;
mod dialled;
mod dials_localhost;
mod image_without_docker;
mod name_of_compose;
mod party_values;
mod peer_on_other_host;
mod peer_port_closed;
mod peer_port_on_loopback;
mod placeholder_without_value;
mod programs;
mod ready_port_unknown;
mod service_host_unknown;
mod service_port_twice;
pub(super) mod texts;
mod urls;
mod variable_hides_planned;
mod variable_is_no_url;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    after_unknown::CHECK,
    after_circle::CHECK,
    placeholder_without_value::CHECK,
    service_port_twice::CHECK,
    ready_port_unknown::CHECK,
    service_host_unknown::CHECK,
    dials_localhost::CHECK,
    variable_is_no_url::CHECK,
    variable_hides_planned::CHECK,
    image_without_docker::CHECK,
    peer_port_closed::CHECK,
    peer_on_other_host::CHECK,
    name_of_compose::CHECK,
    peer_port_on_loopback::CHECK,
];
