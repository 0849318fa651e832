//! The target `docker`: networks, subnets and published ports.

mod address_outside_subnet;
mod address_taken_by_network;
mod bridge_address_twice;
mod bridge_unreachable;
mod bridges;
mod container_port_alone;
mod inside_on_bridge;
mod machine_port_twice;
mod mapping_without_listener;
mod published;
mod ray_beyond_bridge;
mod service_without_image;
mod subnet_with_host_bits;
mod subnets_overlap;

use super::Check;

/// These checks, sorted by code.
pub(super) const CHECKS: &[Check] = &[
    subnet_with_host_bits::CHECK,
    address_outside_subnet::CHECK,
    address_taken_by_network::CHECK,
    subnets_overlap::CHECK,
    container_port_alone::CHECK,
    mapping_without_listener::CHECK,
    machine_port_twice::CHECK,
    ray_beyond_bridge::CHECK,
    bridge_address_twice::CHECK,
    bridge_unreachable::CHECK,
    service_without_image::CHECK,
    inside_on_bridge::CHECK,
];
